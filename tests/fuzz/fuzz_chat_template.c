/* SPDX-License-Identifier: Apache-2.0 */

/* Chat templates: whatever they hold, the parts around a pair are taken whole and within their
 * limit, or a complaint names the file. */
#include "engine/model/head/chat_template.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_PART_BYTES = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static void check_parts(const struct chat_template *chat)
{
    struct chat_template copy = {NULL};
    const char *const parts[] = {chat->before, chat->between, chat->after};

    for (size_t i = 0; i < 3; i++)
        if (!parts[i] || strlen(parts[i]) > MAX_PART_BYTES)
            abort();
    if (chat_template_copy(&copy, parts) || strcmp(copy.after, chat->after) != 0)
        abort();
    chat_template_release(&copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
    struct chat_template chat = {NULL};
    struct error error = {{0}};
    char *source = strndup((const char *)bytes, len_bytes);

    if (!source)
        return 0;
    if (chat_template_parse(&chat, source, "file", &error)) {
        if (strncmp(error.text, "file", 4) != 0)
            abort();
    } else {
        check_parts(&chat);
    }
    chat_template_release(&chat);
    free(source);
    return 0;
}
