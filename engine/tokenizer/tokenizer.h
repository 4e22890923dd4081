/* SPDX-License-Identifier: Apache-2.0 */

/* Text in, token ids out, exactly those of the official Hugging Face tokenizer for the same folder.
 * Read-only once loaded, so any number of threads may use one. */
#ifndef NESTD_ENGINE_TOKENIZER_TOKENIZER_H
#define NESTD_ENGINE_TOKENIZER_TOKENIZER_H

#include "engine/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chat_template;
struct tokenizer;

/* Where a token stands in the text: bytes [start, stop). start == stop == SIZE_MAX for a token that
 * the tokenizer added. */
struct token_span {
    size_t start;
    size_t stop;
};

/* Token ids, one text after another. Zero it to begin; the caller owns it and may use it again for
 * the next request: clearing n_tokens keeps the memory. */
struct tokens {
    int32_t *ids;             /* [n_tokens] */
    struct token_span *spans; /* [n_tokens], only where spans were asked for */
    uint8_t *types;           /* [n_tokens], only where types were asked for */
    size_t n_tokens;
    size_t capacity; /* private */
    size_t span_capacity;
    size_t type_capacity;
};

void tokens_release(struct tokens *tokens);

/* How many of the tokens from `start` on come before the first of another type than 0; 0: none is
 * of another. For tokens whose types were asked for. */
size_t tokens_count_first(const struct tokens *tokens, size_t start);

/* Which end of a text that is too long is cut off. */
enum truncate_side {
    TRUNCATE_NONE, /* nothing: STATUS_TOO_LONG */
    TRUNCATE_END,  /* keep the beginning */
    TRUNCATE_START /* keep the end */
};

struct tokenize_options {
    enum truncate_side truncate;
    size_t max_tokens; /* special tokens included; 0: no limit */
    bool add_special;  /* put [CLS] and [SEP] (whatever the folder names) round the text */
    bool want_spans;
    bool want_types; /* which row of a model's type embeddings a token has: 0 in a text by itself */
};

struct tokenize_result {
    size_t n_tokens;       /* appended, special tokens included */
    size_t n_tokens_whole; /* what the whole text has. With TRUNCATE_END reading stops early: then
                              only "more than n_tokens" */
    bool truncated;
};

/* Loads the tokenizer of a model folder as transformers does: for BERT's classes from
 * tokenizer_config.json and a vocabulary, tokenizer.json's or vocab.txt; for others from
 * tokenizer.json. `lowercase`: small letters before all else, sentence-transformers' do_lower_case.
 * Lengths and padding written in tokenizer.json are ignored. What the folder asks for and this
 * tokenizer cannot do is STATUS_UNSUPPORTED with file and key. */
MUST_CHECK enum status tokenizer_load(struct tokenizer **ret_tokenizer, const char *model_dir,
                                      bool lowercase, struct error *error);

/* The same for a static embedding, as sentence-transformers does it: tokenizer.json says everything,
 * no special tokens go round a text, and the length in "truncation" counts. */
MUST_CHECK enum status tokenizer_load_bare(struct tokenizer **ret_tokenizer, const char *model_dir,
                                           struct error *error);

/* Changes one that is loaded bare to model2vec's rules: a text is cut to max_tokens times as many
 * characters as the median token has before anything else (where its end may be cut), then to
 * max_tokens. 0: to neither. */
void tokenizer_follow_model2vec(struct tokenizer *tokenizer, size_t max_tokens);
void tokenizer_free(struct tokenizer *tokenizer);

/* Appends the tokens of text[len_bytes] to `tokens`. The text is UTF-8, checked by the caller; it
 * may hold U+0000. Linear in len_bytes; with TRUNCATE_END it stops soon after max_tokens. `tokens`
 * is as before on failure. STATUS_NO_MEMORY. STATUS_TOO_LONG (with TRUNCATE_NONE, or where
 * max_tokens has no room even for the special tokens): *ret_result says how many tokens there
 * are. */
MUST_CHECK enum status tokenizer_encode(const struct tokenizer *tokenizer, const char *text,
                                        size_t len_bytes, const struct tokenize_options *options,
                                        struct tokens *tokens, struct tokenize_result *ret_result);

/* Appends two texts as one sequence, for models that judge pairs, with the special tokens that the
 * folder puts around and between two. Where they are too long the longer one is cut first, as
 * officially ("longest first"). Places are those in the token's own text. Else as
 * tokenizer_encode. */
MUST_CHECK enum status tokenizer_encode_pair(const struct tokenizer *tokenizer, const char *first,
                                             size_t first_bytes, const char *second,
                                             size_t second_bytes,
                                             const struct tokenize_options *options,
                                             struct tokens *tokens,
                                             struct tokenize_result *ret_result);

/* The first text of pairs. Zero it to begin; the caller owns it, may use it again for another text,
 * and releases its tokens. */
struct first_text {
    struct tokens tokens;
    size_t n; /* tokens of the text; of one that was cut, more than the limit */
    /* Where a template is around pairs, its beginning up to the second text. */
    char *head;
    size_t head_bytes;
    size_t query_bytes;
    size_t head_start; /* what is before can be of no interest */
    bool fills;        /* it leaves no room for the second text */
};

void first_text_release(struct first_text *first);

/* The same in two steps, so that a text with which many pairs begin, such as a query, is tokenized
 * once. Both steps take the same options, and the same text where there is a template. */
MUST_CHECK enum status tokenizer_encode_first(const struct tokenizer *tokenizer, const char *text,
                                              size_t len_bytes,
                                              const struct tokenize_options *options,
                                              struct first_text *first,
                                              struct tokenize_result *ret_result);
MUST_CHECK enum status
tokenizer_encode_second(const struct tokenizer *tokenizer, const struct first_text *first,
                        const char *text, size_t len_bytes, const struct tokenize_options *options,
                        struct tokens *tokens, struct tokenize_result *ret_result);

/* From here on two texts become one, with the template's parts around them (and no special tokens),
 * which lives as long as the tokenizer. Where it is too long, what the template has at its end stays
 * and what is before it goes, as in sentence-transformers. STATUS_NO_MEMORY. */
MUST_CHECK enum status tokenizer_use_template(struct tokenizer *tokenizer,
                                              const struct chat_template *chat);

/* How many bytes of text a template puts around a pair. */
size_t tokenizer_pair_extra(const struct tokenizer *tokenizer);

/* Whether there is a template, so that the first text is read again with each second one. */
bool tokenizer_joins_pairs(const struct tokenizer *tokenizer);

/* Whether a pair's types are 0 up to some token and 1 from there on, as models are told them. */
bool tokenizer_splits_pairs(const struct tokenizer *tokenizer);

/* Appends ids that came tokenised, under the same truncation. If asked, the special tokens are around
 * them, whether or not they came with them. They stand nowhere in a text: their spans are those of added tokens.
 * STATUS_INVALID for an id outside the vocabulary. */
MUST_CHECK enum status tokenizer_wrap(const struct tokenizer *tokenizer, const int32_t *ids,
                                      size_t n_ids, const struct tokenize_options *options,
                                      struct tokens *tokens, struct tokenize_result *ret_result);

/* The text of ids[n_ids], which the caller frees: what the official tokenizer's decoder makes of
 * them. An id inside the vocabulary without a token says nothing; with skip_special nor does a
 * special token. STATUS_INVALID for an id outside the vocabulary, STATUS_NO_MEMORY. */
MUST_CHECK enum status tokenizer_decode(const struct tokenizer *tokenizer, const int32_t *ids,
                                        size_t n_ids, bool skip_special, char **ret_text,
                                        size_t *ret_len_bytes);

/* The largest id that a text can become, and one. A vocab.txt that has a token twice leaves an id
 * without a token. */
size_t tokenizer_vocabulary_size(const struct tokenizer *tokenizer);

/* How many special tokens go round one text (2 for BERT). */
size_t tokenizer_special_count(const struct tokenizer *tokenizer);

/* Whether the folder wants the beginning of a text that is too long to go, rather than its end. */
bool tokenizer_truncates_start(const struct tokenizer *tokenizer);

/* How many tokens the folder lets a text have, where that is known here: of a tokenizer loaded bare.
 * 0: it does not say. */
size_t tokenizer_max_tokens(const struct tokenizer *tokenizer);

/* The id of the model's unknown token, of a tokenizer loaded bare; -1: there is none. */
int32_t tokenizer_unknown_id(const struct tokenizer *tokenizer);

/* The token's text in the vocabulary ("##ing"), borrowed; NULL for an id outside it. */
const char *tokenizer_token_text(const struct tokenizer *tokenizer, int32_t id,
                                 size_t *ret_len_bytes);

/* Whether the folder calls it special. */
bool tokenizer_is_special(const struct tokenizer *tokenizer, int32_t id);

#endif
