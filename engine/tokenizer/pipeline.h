/* SPDX-License-Identifier: Apache-2.0 */

/* A loaded tokenizer's parts, and the way of a text through them. For this folder's files only. */
#ifndef NESTD_ENGINE_TOKENIZER_PIPELINE_H
#define NESTD_ENGINE_TOKENIZER_PIPELINE_H

#include "engine/tokenizer/added.h"
#include "engine/tokenizer/decode/decode.h"
#include "engine/tokenizer/finish/finish.h"
#include "engine/tokenizer/output.h"
#include "engine/tokenizer/stage.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/tokenizer/vocab.h"
#include "engine/tokenizer/words/words.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What becomes of a byte of text, whatever is around it. */
enum byte_kind {
    BYTE_OTHER, /* look closer: not ASCII, an added token may begin with it, or a stage minds */
    BYTE_WORD,
    BYTE_SPACE,
    BYTE_PUNCTUATION,
    BYTE_DROPPED
};

struct tokenizer {
    struct vocab vocab;
    /* tokenizer.json's five parts. */
    struct chain normalizer;
    struct chain splitter;
    struct words words;
    struct finish finish;
    struct decoder decoder;

    struct added_tokens raw;        /* looked for in the text as it stands */
    struct added_tokens normalized; /* looked for in the normalised text */
    size_t max_tokens;  /* of a text, if tokenizer.json says so and that counts; 0: no */
    size_t max_chars;   /* of a text whose end may be cut, before all else; 0: any */
    int32_t unknown_id; /* where a static embedding asks; -1: there is none */
    const struct chat_template *chat; /* around pairs; NULL: none */
    struct tokens chat_end;           /* the tokens that all pairs have at their end by it */
    bool truncates_start;             /* where a text is too long and nobody says which end goes */
    uint8_t byte_kinds[256];          /* enum byte_kind */
    char byte_becomes[128];           /* the character of a word, or the punctuation */
};

/* Fills byte_kinds and byte_becomes from the other parts. */
void pipeline_prepare(struct tokenizer *tokenizer);

/* tokenizer_encode_first() and _second() where there is a template. */
MUST_CHECK enum status templated_encode_first(const struct tokenizer *tokenizer, const char *text,
                                              size_t len_bytes,
                                              const struct tokenize_options *options,
                                              struct first_text *first);
MUST_CHECK enum status
templated_encode_second(const struct tokenizer *tokenizer, const struct first_text *first,
                        const char *text, size_t len_bytes, const struct tokenize_options *options,
                        struct tokens *tokens, struct tokenize_result *ret_result);

/* Puts the tokens of text[len_bytes], valid UTF-8, until the output wants no more. */
void pipeline_run(const struct tokenizer *tokenizer, const char *text, size_t len_bytes,
                  struct output *output);

#endif
