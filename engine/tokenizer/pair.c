/* SPDX-License-Identifier: Apache-2.0 */

/* Two texts as one sequence. Each is tokenized by itself, with room for all that may be kept of it;
 * then it is known how much of each is. */
#include "engine/tokenizer/pipeline.h"

struct side {
    struct tokens tokens;
    size_t n; /* tokens of the text; of one that was cut, more than the limit */
    size_t n_kept;
};

static size_t count_special(const struct finish *finish)
{
    size_t n = 0;

    for (size_t i = 0; i < finish->n_pair; i++)
        n += finish->pair[i].id >= 0;
    return n;
}

/* What may be kept of both together is `max`. The longer one is cut to what the shorter one leaves,
 * or both to one half, the longer one getting what is left over. */
static void share(struct side *first, struct side *second, size_t max)
{
    struct side *shorter = first->n > second->n ? second : first;
    struct side *longer = first->n > second->n ? first : second;

    shorter->n_kept = shorter->n;
    longer->n_kept = longer->n;
    if (shorter->n + longer->n <= max)
        return;
    if (shorter->n > max || shorter->n > max - shorter->n) {
        shorter->n_kept = max / 2;
        longer->n_kept = max / 2 + max % 2;
    } else {
        longer->n_kept = max - shorter->n;
    }
}

bool tokenizer_splits_pairs(const struct tokenizer *tokenizer)
{
    const struct finish *finish = &tokenizer->finish;
    uint8_t type = 0;

    for (size_t i = 0; i < finish->n_pair; i++) {
        if (finish->pair[i].type_id < type || finish->pair[i].type_id > 1)
            return false;
        type = finish->pair[i].type_id;
    }
    return true;
}

/* Tokenizes a text of which up to `max` tokens are of interest, SIZE_MAX: all. */
static enum status encode_side(const struct tokenizer *tokenizer, const char *text,
                               size_t len_bytes, const struct tokenize_options *options, size_t max,
                               struct side *side)
{
    struct tokenize_options alone = *options;
    struct tokenize_result result;
    enum status status;

    alone.add_special = false;
    alone.max_tokens = 0;
    if (max < SIZE_MAX)
        alone.max_tokens = max > 0 ? max : 1; /* 0 would be no limit */
    status = tokenizer_encode(tokenizer, text, len_bytes, &alone, &side->tokens, &result);
    if (status == STATUS_TOO_LONG) {
        side->n = result.n_tokens_whole; /* for the message; no token of it will be needed */
        return STATUS_OK;
    }
    if (status)
        return status;
    side->n = result.truncated ? result.n_tokens + 1 : result.n_tokens;
    return STATUS_OK;
}

static enum status append_side(const struct side *side, const struct tokenize_options *options,
                               uint8_t type, struct tokens *tokens)
{
    size_t n = side->tokens.n_tokens;
    size_t from = options->truncate == TRUNCATE_START && n > side->n_kept ? n - side->n_kept : 0;

    return tokens_append_part(tokens, options, &side->tokens, from, side->n_kept, type);
}

/* Puts both together as the folder says. */
static enum status assemble(const struct finish *finish, const struct side sides[2],
                            const struct tokenize_options *options, struct tokens *tokens)
{
    static const struct pair_piece plain[] = {{PIECE_FIRST_TEXT, 0}, {PIECE_SECOND_TEXT, 1}};
    const struct pair_piece *pieces = finish->n_pair > 0 ? finish->pair : plain;
    size_t n_pieces = finish->n_pair > 0 ? finish->n_pair : 2;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < n_pieces && !status; i++) {
        const struct pair_piece *piece = &pieces[i];

        if (piece->id < 0)
            status = append_side(&sides[piece->id == PIECE_SECOND_TEXT], options, piece->type_id,
                                 tokens);
        else if (options->add_special)
            status = tokens_append(tokens, options, piece->id,
                                   (struct token_span){SIZE_MAX, SIZE_MAX}, piece->type_id);
    }
    return status;
}

static enum status encode(const struct tokenizer *tokenizer, struct side sides[2],
                          const struct tokenize_options *options, size_t max, struct tokens *tokens,
                          struct tokenize_result *ret_result)
{
    size_t n_special = options->add_special ? count_special(&tokenizer->finish) : 0;
    size_t n_before = tokens->n_tokens;
    struct tokenize_result result = {.n_tokens_whole = sides[0].n + sides[1].n + n_special};
    enum status status;

    result.truncated = sides[0].n + sides[1].n > max;
    share(&sides[0], &sides[1], max);
    if (result.truncated && options->truncate == TRUNCATE_NONE) {
        *ret_result = (struct tokenize_result){.n_tokens_whole = result.n_tokens_whole};
        return STATUS_TOO_LONG;
    }
    status = assemble(&tokenizer->finish, sides, options, tokens);
    if (status) {
        tokens->n_tokens = n_before;
        return status;
    }
    result.n_tokens = tokens->n_tokens - n_before;
    *ret_result = result;
    return STATUS_OK;
}

/* What may be kept of both texts together; SIZE_MAX: all. */
static enum status find_max(const struct tokenizer *tokenizer,
                            const struct tokenize_options *options, size_t *ret_max,
                            struct tokenize_result *ret_result)
{
    size_t n_special = options->add_special ? count_special(&tokenizer->finish) : 0;

    if (options->max_tokens > 0 && options->max_tokens < n_special) {
        *ret_result = (struct tokenize_result){.n_tokens_whole = n_special};
        return STATUS_TOO_LONG;
    }
    *ret_max = options->max_tokens > 0 ? options->max_tokens - n_special : SIZE_MAX;
    return STATUS_OK;
}

enum status tokenizer_encode_first(const struct tokenizer *tokenizer, const char *text,
                                   size_t len_bytes, const struct tokenize_options *options,
                                   struct first_text *first, struct tokenize_result *ret_result)
{
    struct side side = {.tokens = first->tokens};
    size_t max;
    enum status status;

    if (tokenizer->chat)
        return templated_encode_first(tokenizer, text, len_bytes, options, first);
    status = find_max(tokenizer, options, &max, ret_result);
    side.tokens.n_tokens = 0;
    if (!status)
        status = encode_side(tokenizer, text, len_bytes, options, max, &side);
    *first = (struct first_text){.tokens = side.tokens, .n = side.n};
    return status;
}

enum status tokenizer_encode_second(const struct tokenizer *tokenizer,
                                    const struct first_text *first, const char *text,
                                    size_t len_bytes, const struct tokenize_options *options,
                                    struct tokens *tokens, struct tokenize_result *ret_result)
{
    struct side sides[2] = {{.tokens = first->tokens, .n = first->n}, {.n = 0}};
    size_t max;
    enum status status;

    if (tokenizer->chat)
        return templated_encode_second(tokenizer, first, text, len_bytes, options, tokens,
                                       ret_result);
    status = find_max(tokenizer, options, &max, ret_result);
    if (!status)
        status = encode_side(tokenizer, text, len_bytes, options, max, &sides[1]);
    if (!status)
        status = encode(tokenizer, sides, options, max, tokens, ret_result);
    tokens_release(&sides[1].tokens); /* the others are the caller's */
    return status;
}

enum status tokenizer_encode_pair(const struct tokenizer *tokenizer, const char *first,
                                  size_t first_bytes, const char *second, size_t second_bytes,
                                  const struct tokenize_options *options, struct tokens *tokens,
                                  struct tokenize_result *ret_result)
{
    struct first_text kept = {.n = 0};
    enum status status =
        tokenizer_encode_first(tokenizer, first, first_bytes, options, &kept, ret_result);

    if (!status)
        status = tokenizer_encode_second(tokenizer, &kept, second, second_bytes, options, tokens,
                                         ret_result);
    first_text_release(&kept);
    return status;
}
