/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/finish/finish.h"

#include "engine/tokenizer/part_table.h"

static const struct part_row rows[] = {
    {"BertProcessing", finish_bert_read},
    {"ByteLevel", finish_byte_level_read},
    {"RobertaProcessing", finish_roberta_read},
    {"TemplateProcessing", finish_template_read},
};

static const struct part_table table = {rows, sizeof rows / sizeof *rows, "processors"};

enum status finish_read(struct finish *finish, const struct vocab *vocab,
                        const struct document *part, struct error *error)
{
    struct finish_target target = {.finish = finish, .vocab = vocab};

    return part_table_read(&table, &target, part, error);
}
