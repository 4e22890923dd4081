/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/model/prompt.h"

#include <string.h>

const char *const implied_prompts[N_IMPLIED_PROMPTS] = {"query", "document"};

bool prompt_is_implied(const char *name, size_t len_bytes)
{
    for (size_t i = 0; i < N_IMPLIED_PROMPTS; i++) {
        const char *implied = implied_prompts[i];

        if (len_bytes == strlen(implied) && memcmp(name, implied, len_bytes) == 0)
            return true;
    }
    return false;
}
