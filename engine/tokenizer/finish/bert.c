/* SPDX-License-Identifier: Apache-2.0 */

/* {"type": "BertProcessing", "cls": ["[CLS]", 101], "sep": ["[SEP]", 102]}, and RobertaProcessing,
 * which is the same for one text. And "ByteLevel", which only says
 * where tokens stand, as RobertaProcessing does too. */
#include "engine/tokenizer/finish/finish.h"

static enum status read_around(struct finish_target *target, const struct document *part,
                               struct error *error)
{
    const json_t *cls = json_object_get(part->root, "cls");
    const json_t *sep = json_object_get(part->root, "sep");
    enum status status = finish_begin(target, part, error);

    if (!status)
        status = special_tokens_add(&target->finish->first, target->vocab, json_array_get(cls, 0),
                                    json_array_get(cls, 1), part->name, error);
    if (!status)
        status = special_tokens_add(&target->finish->last, target->vocab, json_array_get(sep, 0),
                                    json_array_get(sep, 1), part->name, error);
    return status;
}

/* What a pair becomes: 'c' and 's' are the special tokens, 'A' and 'B' the texts. */
static void set_pair(struct finish *finish, const char *pieces, const char *types)
{
    finish->n_pair = 0;
    for (size_t i = 0; pieces[i]; i++) {
        int32_t id = pieces[i] == 'A' ? PIECE_FIRST_TEXT : PIECE_SECOND_TEXT;

        if (pieces[i] == 'c')
            id = finish->first.ids[0];
        else if (pieces[i] == 's')
            id = finish->last.ids[0];
        finish->pair[finish->n_pair++] = (struct pair_piece){id, (uint8_t)(types[i] - '0')};
    }
}

void finish_pair_bert(struct finish *finish)
{
    set_pair(finish, "cAsBs", "00011");
}

void finish_pair_roberta(struct finish *finish)
{
    set_pair(finish, "cAssBs", "000000");
}

enum status finish_bert_read(void *into, const struct document *part, struct error *error)
{
    struct finish_target *target = into;
    enum status status = read_around(target, part, error);

    if (!status)
        finish_pair_bert(target->finish);
    return status;
}

static enum status read_trimming(struct finish *finish, const struct document *part,
                                 struct error *error)
{
    enum status status;

    finish->trims = true;
    finish->has_prefix = true;
    status = document_get_bool(part, "trim_offsets", &finish->trims, error);
    return status ? status
                  : document_get_bool(part, "add_prefix_space", &finish->has_prefix, error);
}

enum status finish_roberta_read(void *into, const struct document *part, struct error *error)
{
    struct finish_target *target = into;
    enum status status = read_around(target, part, error);

    if (!status)
        status = read_trimming(target->finish, part, error);
    if (!status)
        finish_pair_roberta(target->finish);
    return status;
}

enum status finish_byte_level_read(void *into, const struct document *part, struct error *error)
{
    const struct finish_target *target = into;

    return read_trimming(target->finish, part, error);
}
