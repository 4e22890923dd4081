/* SPDX-License-Identifier: Apache-2.0 */

/* tokenizer_config.json: how transformers makes a folder's tokenizer. This is the one reader of the
 * file, and of config.json's "tokenizer_class", which counts where the file names none. Any thread.
 *
 * A key that is neither acted upon nor known to be harmless is refused, since it may change the
 * numbers. */
#ifndef NESTD_ENGINE_MODEL_TOKENIZER_CONFIG_H
#define NESTD_ENGINE_MODEL_TOKENIZER_CONFIG_H

#include "engine/base/status.h"
#include "engine/files/document.h"

#include <stdbool.h>
#include <stddef.h>

#define TOKENIZER_CONFIG_FILE "tokenizer_config.json"

/* The special tokens that transformers knows by a purpose, in the order in which it adds them. */
enum special_name {
    SPECIAL_BOS,
    SPECIAL_EOS,
    SPECIAL_UNKNOWN,
    SPECIAL_SEPARATOR,
    SPECIAL_PADDING,
    SPECIAL_CLASS,
    SPECIAL_MASK,
    N_SPECIAL_NAMES,
};

/* "bos_token" ... */
extern const char *const special_keys[N_SPECIAL_NAMES];

enum truncation_side { TRUNCATION_UNSAID, TRUNCATION_RIGHT, TRUNCATION_LEFT };

struct tokenizer_config {
    /* The file itself, for the tokens that it names; root NULL where there is none. */
    struct document document;

    const char *class_name; /* "tokenizer_class", without "Fast" */
    /* Made by BERT's own constructor: the rest of tokenizer.json but its vocabulary says nothing.
     * Otherwise tokenizer.json says everything, and the switches of this file nothing; where there
     * is no tokenizer.json, the class's constructor stands for it. */
    bool by_constructor;
    /* The "type" that the class wants of tokenizer.json's "model"; NULL: any. */
    const char *model;
    /* The constructor's special tokens where no file names others; NULL: none. */
    const char *const *default_names; /* [N_SPECIAL_NAMES] */
    /* Without a tokenizer.json no class is heard for a model of this type. */
    bool model_has_no_class;
    /* The constructor's mask_token takes the white space before it. */
    bool mask_takes_left;
    bool doubles_separator; /* the constructor puts two between a pair's texts */

    bool lowercase;     /* do_lower_case */
    bool split_han;     /* tokenize_chinese_chars */
    bool strip_accents; /* strip_accents; where absent or null, as lowercase */

    bool split_special; /* split_special_tokens: special tokens are not looked for in texts */
    enum truncation_side truncation_side;
    size_t max_length; /* model_max_length, or max_len; 0: no limit */
    bool gives_types;  /* tells the model which of a pair's texts a token is of */
};

/* Reads the file in `folder`. STATUS_UNSUPPORTED, with file and key, for what nestd cannot do. */
MUST_CHECK enum status tokenizer_config_read(struct tokenizer_config *ret_config,
                                             const char *folder, struct error *error);
void tokenizer_config_release(struct tokenizer_config *config);

/* A switch of the file, left as it is where the key is absent. STATUS_INVALID for null too, which a
 * constructor does not take. */
MUST_CHECK enum status tokenizer_config_get_switch(const struct document *config, const char *key,
                                                   bool *value, struct error *error);

#endif
