/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/finish/finish.h"

#include "engine/tokenizer/part_table.h"

static const struct part_row rows[] = {
    {"BertProcessing", finish_bert_read},
    {"TemplateProcessing", finish_template_read},
};

static const struct part_table table = {rows, sizeof rows / sizeof *rows, NULL};

enum status finish_read(struct finish *finish, const struct vocab *vocab,
                        const struct document *part, struct error *error)
{
    struct finish_target target = {finish, vocab};

    return part_table_read(&table, &target, part, error);
}
