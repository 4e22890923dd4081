/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/split/split.h"

#include "engine/tokenizer/part_table.h"

static const struct part_row rows[] = {
    {"BertPreTokenizer", split_bert_read},
    {"ByteLevel", split_byte_level_read},
    {"CharDelimiterSplit", split_char_read},
    {"Digits", split_digits_read},
    {"Metaspace", split_metaspace_read},
    {"Punctuation", split_punctuation_read},
    {"Split", split_pattern_read},
    {"Whitespace", split_whitespace_read},
    {"WhitespaceSplit", split_whitespace_split_read},
};

static const struct part_table table = {rows, sizeof rows / sizeof *rows, "pretokenizers"};

enum status split_read(struct chain *chain, const struct document *part, struct error *error)
{
    return part_table_read(&table, chain, part, error);
}
