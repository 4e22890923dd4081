/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/normalize/normalize.h"

#include "engine/tokenizer/part_table.h"

static const struct part_row rows[] = {
    {"BertNormalizer", normalize_bert_read},
    {"Lowercase", normalize_lowercase_read},
};

static const struct part_table table = {rows, sizeof rows / sizeof *rows, "normalizers"};

enum status normalize_read(struct chain *chain, const struct document *part, struct error *error)
{
    return part_table_read(&table, chain, part, error);
}
