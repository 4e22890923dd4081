/* SPDX-License-Identifier: Apache-2.0 */

/* Files of API keys: whatever they hold, what was taken is a key, is found again, and no error
 * shows it. */
#include "server/auth/key_file.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

static void check_key(const struct key_list *list, const struct key *key)
{
    if (key->len_bytes == 0 || key->len_bytes > KEY_MAX_BYTES || key->bytes[0] == '#')
        abort();
    for (size_t i = 0; i < key->len_bytes; i++) {
        if (key->bytes[i] <= ' ' || key->bytes[i] > '~')
            abort();
    }
    if (key_list_find(list, (const char *)key->bytes, key->len_bytes) != key)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
    struct key_list list = {0};
    struct error error = {0};
    enum status status = key_file_parse("keys", (const char *)bytes, len_bytes, &list, &error);

    if ((status != STATUS_OK) != (strncmp(error.text, "keys:", 5) == 0))
        abort();
    for (size_t i = 0; i < list.n_keys; i++)
        check_key(&list, &list.keys[i]);
    key_list_release(&list);
    return 0;
}
