/* SPDX-License-Identifier: Apache-2.0 */

/* What tokenizer.json would have been, of a folder without one. For this folder's files alone.
 *
 * A convert_* function that makes JSON gives NULL where memory is short, or where a part that it is
 * given is NULL. */
#ifndef NESTD_ENGINE_TOKENIZER_READ_CONVERT_H
#define NESTD_ENGINE_TOKENIZER_READ_CONVERT_H

#include "engine/tokenizer/read/load.h"
#include "engine/tokenizer/read/special.h"

/* How to get a tokenizer.json, for refusals. */
#define CONVERT_ADVICE                                                                             \
    "AutoTokenizer.from_pretrained(folder).save_pretrained(folder) of transformers writes a "      \
    "tokenizer.json"

/* A folder that is being converted. */
struct draft {
    const struct folder_files *files;
    const char *file; /* that has the vocabulary */
    struct special_names names;
    json_t *json; /* the result, for the caller */
};

/* A class whose folders can be converted. */
struct convert_row {
    const char *class_name;
    const char *file;
    enum status (*convert)(struct draft *draft, struct error *error);
};

/* Of a SentencePiece model with a Unigram or a BPE, and of vocab.json with merges.txt. */
MUST_CHECK enum status convert_pieces(struct draft *draft, struct error *error);
MUST_CHECK enum status convert_merged(struct draft *draft, struct error *error);
MUST_CHECK enum status convert_bytes(struct draft *draft, struct error *error);

struct sentencepiece;

/* By the model's map alone; before it as ALBERT does, quotes, accents and capitals; or as DeBERTa
 * does, white space and NFC, and not by the map. */
enum convert_normalizes { NORMALIZES_MAP, NORMALIZES_ALBERT, NORMALIZES_DEBERTA };

/* Appends the normalizers to a list; one that is NULL is STATUS_NO_MEMORY. */
MUST_CHECK enum status convert_add_normalizers(const struct draft *draft,
                                               enum convert_normalizes normalizes,
                                               const struct sentencepiece *model, json_t *list,
                                               struct error *error);

/* Appends a token that is looked for in texts, unless a file of the folder has a list of such tokens.
 * `extra` may be NULL, which is STATUS_NO_MEMORY. */
MUST_CHECK enum status convert_append_extra(json_t *extra, const char *text, size_t len_bytes,
                                            bool special);

/* The same for a piece: controls are special, what the user of SentencePiece has defined is not, and
 * others are not looked for. */
struct sentence_piece;
MUST_CHECK enum status convert_append_piece(json_t *extra, const struct sentence_piece *piece);

/* The template of what add_bos_token and add_eos_token ask for, which count only where there are such
 * tokens; `vocab` is {"the": 5, ...}. */
MUST_CHECK enum status convert_make_around(const struct draft *draft, const json_t *vocab,
                                           json_t **ret_part, struct error *error);

/* --- parts ------------------------------------------------------------------------------------ */

/* A special token of a template. */
struct convert_token {
    const char *text;
    size_t id;
};

/* The text of a special token that the class cannot do without. */
MUST_CHECK enum status convert_get_name(const struct draft *draft, enum special_name name,
                                        const char **ret_text, struct error *error);

/* What is said where a template needs a token that the vocabulary does not have. */
MUST_CHECK enum status convert_refuse_name(const struct draft *draft, enum special_name name,
                                           struct error *error);

/* "A" and "B" are the texts, '0' and '1' the tokens; `types` is for `pair`, a digit each. Of `single`
 * all are of type 0. */
json_t *convert_template(const char *single, const char *pair, const char *types,
                         const struct convert_token tokens[2]);

/* The same, for the tokens that add_bos_token and add_eos_token ask for. */
json_t *convert_template_around(bool has_first, bool has_last,
                                const struct convert_token tokens[2]);

json_t *convert_metaspace(const char *scheme);

/* With the key's default. STATUS_INVALID for null: a constructor takes it for something else. */
MUST_CHECK enum status convert_get_switch(const struct draft *draft, const char *key, bool *value,
                                          struct error *error);

#endif
