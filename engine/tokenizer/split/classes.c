/* SPDX-License-Identifier: Apache-2.0 */

/* Pre-tokenizers that look at one character at a time: what kind it is decides whether it is in a
 * word, a word of its own, or dropped between words. */
#include "engine/tokenizer/split/split.h"

static bool put_apart(struct stage *stage, const struct normal_char *normal)
{
    return stage_put_end(stage) && stage_put(stage, normal) && stage_put_end(stage);
}

/* --- "BertPreTokenizer" ----------------------------------------------------------------------- */

static bool take_bert(struct stage *stage, const struct normal_char *normal)
{
    if (normal->kind.flags & CODE_POINT_SPACE)
        return stage_put_end(stage);
    if (normal->kind.flags & CODE_POINT_PUNCTUATION)
        return put_apart(stage, normal);
    return stage_put(stage, normal);
}

static const struct stage_type bert_type = {take_bert, stage_put_end, .ascii_is_separate = true};

enum status split_add_bert(struct chain *chain, struct error *error)
{
    return chain_add(chain, &bert_type, 0, NULL, error);
}

enum status split_bert_read(void *into, const struct document *part, struct error *error)
{
    (void)part;
    return split_add_bert(into, error);
}

/* --- "WhitespaceSplit" ------------------------------------------------------------------------ */

static bool take_whitespace_split(struct stage *stage, const struct normal_char *normal)
{
    return normal->kind.flags & CODE_POINT_SPACE ? stage_put_end(stage) : stage_put(stage, normal);
}

static const struct stage_type whitespace_split_type = {take_whitespace_split, stage_put_end,
                                                        .ascii_is_separate = true};

enum status split_whitespace_split_read(void *into, const struct document *part,
                                        struct error *error)
{
    (void)part;
    return chain_add(into, &whitespace_split_type, 0, NULL, error);
}

/* --- runs of one kind ------------------------------------------------------------------------- */

enum { KIND_NONE, KIND_WORD, KIND_OTHER };

/* Ends a word where the kind changes. The stage's state is the kind of the last character. */
static bool put_run(struct stage *stage, const struct normal_char *normal, size_t kind)
{
    bool more = stage->state[0] == kind || stage->state[0] == KIND_NONE || stage_put_end(stage);

    stage->state[0] = kind;
    return more && stage_put(stage, normal);
}

static bool end_runs(struct stage *stage)
{
    stage->state[0] = KIND_NONE;
    return stage_put_end(stage);
}

/* "Whitespace" is \w+|[^\w\s]+. */
static bool take_whitespace(struct stage *stage, const struct normal_char *normal)
{
    if (normal->kind.flags & CODE_POINT_SPACE)
        return end_runs(stage);
    return put_run(stage, normal, normal->kind.flags & CODE_POINT_WORD ? KIND_WORD : KIND_OTHER);
}

static const struct stage_type whitespace_type = {take_whitespace, end_runs,
                                                  .ascii_is_separate = false};

enum status split_whitespace_read(void *into, const struct document *part, struct error *error)
{
    (void)part;
    return chain_add(into, &whitespace_type, 0, NULL, error);
}

/* --- "Digits" --------------------------------------------------------------------------------- */

static bool take_digits(struct stage *stage, const struct normal_char *normal)
{
    return put_run(stage, normal, normal->kind.flags & CODE_POINT_NUMERIC ? KIND_WORD : KIND_OTHER);
}

static bool take_single_digits(struct stage *stage, const struct normal_char *normal)
{
    if (normal->kind.flags & CODE_POINT_NUMERIC)
        return put_apart(stage, normal);
    return stage_put(stage, normal);
}

static const struct stage_type digits_type = {take_digits, end_runs, .ascii_is_separate = false};
static const struct stage_type single_digits_type = {take_single_digits, stage_put_end,
                                                     .ascii_is_separate = true};

enum status split_digits_read(void *into, const struct document *part, struct error *error)
{
    bool individual = false;
    enum status status = document_get_bool(part, "individual_digits", &individual, error);

    return status
               ? status
               : chain_add(into, individual ? &single_digits_type : &digits_type, 0, NULL, error);
}
