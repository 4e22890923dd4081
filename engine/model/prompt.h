/* SPDX-License-Identifier: Apache-2.0 */

/* A prompt: a text that goes before what is encoded, known by its name. Any thread. */
#ifndef NESTD_ENGINE_MODEL_PROMPT_H
#define NESTD_ENGINE_MODEL_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

struct prompt {
    char *name;
    char *text; /* may be empty */
    size_t text_len_bytes;
};

/* The names under which every model has a prompt, an empty one where its folder has none:
 * sentence-transformers does so from version 5 on. */
enum { N_IMPLIED_PROMPTS = 2 };
extern const char *const implied_prompts[N_IMPLIED_PROMPTS];

/* Whether a name is one of them. */
bool prompt_is_implied(const char *name, size_t len_bytes);

#endif
