/* SPDX-License-Identifier: Apache-2.0 */

/* BERT's normalisation, in the official order: control characters dropped and spaces put around Han
 * characters, decomposed and without marks, in lower case; each if asked. */
#include "engine/tokenizer/normalize/normalize.h"
#include "engine/tokenizer/part_table.h"

enum status normalize_add_bert(struct chain *chain, struct bert_normalizer bert,
                               struct error *error)
{
    enum status status = STATUS_OK;

    if (bert.clean_text || bert.split_han)
        status = normalize_add_clean(chain, bert.clean_text, bert.split_han, error);
    if (!status && bert.strip_accents)
        status = normalize_add_decompose(chain, error);
    if (!status && (bert.strip_accents || bert.lowercase))
        status = normalize_add_fold(chain, bert.strip_accents, bert.lowercase, error);
    return status;
}

enum status normalize_bert_read(void *into, const struct document *part, struct error *error)
{
    static const char *const needed[] = {"clean_text", "handle_chinese_chars", "lowercase"};
    struct bert_normalizer bert = {0};
    enum status status = part_require(part, needed, sizeof needed / sizeof *needed, error);

    if (!status)
        status = document_get_bool(part, "clean_text", &bert.clean_text, error);
    if (!status)
        status = document_get_bool(part, "handle_chinese_chars", &bert.split_han, error);
    if (!status)
        status = document_get_bool(part, "lowercase", &bert.lowercase, error);
    bert.strip_accents = bert.lowercase;
    if (!status)
        status = document_get_bool(part, "strip_accents", &bert.strip_accents, error);
    return status ? status : normalize_add_bert(into, bert, error);
}
