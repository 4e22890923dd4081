/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/normalize/normalize.h"

#include "engine/tokenizer/part_table.h"

static const struct part_row rows[] = {
    {"BertNormalizer", normalize_bert_read},
    {"Lowercase", normalize_lowercase_read},
    {"NFC", normalize_nfc_read},
    {"NFD", normalize_nfd_read},
    {"NFKC", normalize_nfkc_read},
    {"NFKD", normalize_nfkd_read},
    {"Nmt", normalize_nmt_read},
    {"Precompiled", normalize_precompiled_read},
    {"Prepend", normalize_prepend_read},
    {"Replace", normalize_replace_read},
    {"Strip", normalize_strip_read},
    {"StripAccents", normalize_strip_accents_read},
};

static const struct part_table table = {rows, sizeof rows / sizeof *rows, "normalizers"};

enum status normalize_read(struct chain *chain, const struct document *part, struct error *error)
{
    return part_table_read(&table, chain, part, error);
}
