/* SPDX-License-Identifier: Apache-2.0 */

/* Where the hub is, where its cache is, and which token to show it: from options and from the
 * variables that huggingface_hub reads. */
#ifndef NESTD_SERVER_HUB_SETTINGS_H
#define NESTD_SERVER_HUB_SETTINGS_H

#include "server/hub/path.h"

#include <stdbool.h>
#include <stddef.h>

enum { HUB_TOKEN_MAX_BYTES = 512 };

struct hub_settings {
    char endpoint[512];    /* HF_ENDPOINT, else https://huggingface.co; no slash at its end */
    bool is_offline;       /* HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE */
    struct hub_path cache; /* --huggingface-hub-cache, HF_HUB_CACHE, HUGGINGFACE_HUB_CACHE,
                              HF_HOME/hub, XDG_CACHE_HOME/huggingface/hub or
                              ~/.cache/huggingface/hub: the first that is set */
};

/* `get` is getenv, or a test's; `cache` is the option's value or NULL. */
typedef char *hub_get_variable(const char *name);
MUST_CHECK enum status hub_settings_read(struct hub_settings *ret_settings, const char *cache,
                                         hub_get_variable *get, struct error *error);

/* The token: the option's, HF_TOKEN's, HUGGING_FACE_HUB_TOKEN's, HF_API_TOKEN's, which is Text
 * Embeddings Inference's, or that of the file HF_TOKEN_PATH, else HF_HOME/token, which `hf auth
 * login` writes. "" where there is none. An error says where the token was, not what it is. The
 * caller wipes it. */
MUST_CHECK enum status hub_token_read(char ret_token[HUB_TOKEN_MAX_BYTES + 1], const char *option,
                                      hub_get_variable *get, struct error *error);

/* Wipes the token out of the command line and the environment of this process, where it would be
 * seen in a core: the option's value wherever it stands alone or behind an equals sign, and those of
 * HF_TOKEN, HUGGING_FACE_HUB_TOKEN, HF_API_TOKEN and NESTD_HF_TOKEN. Both are arrays that end with
 * NULL. While no other thread reads the environment. */
void hub_token_wipe(const char *option, char *const *arguments, char *const *environment);

#endif
