/* SPDX-License-Identifier: Apache-2.0 */

#include "server/auth/key_list.h"

#include <stdlib.h>
#include <string.h>

void key_list_release(struct key_list *list)
{
    if (!list)
        return;
    if (list->keys)
        explicit_bzero(list->keys, list->capacity * sizeof *list->keys);
    free(list->keys);
    *list = (struct key_list){0};
}

/* One word that can follow "Bearer " in a header. */
static bool is_key(const char *bytes, size_t len_bytes)
{
    for (size_t i = 0; i < len_bytes; i++) {
        if (bytes[i] <= ' ' || bytes[i] > '~')
            return false;
    }
    return len_bytes > 0;
}

/* Not realloc, which would leave copies of keys in freed memory. */
static bool make_room(struct key_list *list)
{
    struct key_list larger = {.capacity = list->capacity ? 2 * list->capacity : 8};

    if (list->n_keys < list->capacity)
        return true;
    larger.keys = calloc(larger.capacity, sizeof *larger.keys);
    if (!larger.keys)
        return false;
    if (list->n_keys > 0)
        memcpy(larger.keys, list->keys, list->n_keys * sizeof *list->keys);
    larger.n_keys = list->n_keys;
    key_list_release(list);
    *list = larger;
    return true;
}

enum status key_list_add(struct key_list *list, const char *bytes, size_t len_bytes,
                         int64_t expires_s, struct error *error)
{
    struct key *key;

    if (!is_key(bytes, len_bytes))
        return error_set(error, STATUS_INVALID,
                         "expected a key of printable ASCII characters without spaces");
    if (len_bytes > KEY_MAX_BYTES)
        return error_set(error, STATUS_INVALID, "expected a key of at most %d characters, not %zu",
                         KEY_MAX_BYTES, len_bytes);
    if (key_list_find(list, bytes, len_bytes))
        return error_set(error, STATUS_INVALID, "this key is there already");
    if (list->n_keys == KEYS_MAX)
        return error_set(error, STATUS_INVALID, "expected at most %d keys", KEYS_MAX);
    if (!make_room(list))
        return error_set(error, STATUS_NO_MEMORY, "not enough memory");
    key = &list->keys[list->n_keys++];
    memcpy(key->bytes, bytes, len_bytes);
    key->len_bytes = len_bytes;
    key->expires_s = expires_s;
    return STATUS_OK;
}

/* 1 if both are the same, else 0: without a branch, and without stopping at a difference. */
static size_t are_equal(const struct key *a, const struct key *b)
{
    uint64_t difference = a->len_bytes ^ b->len_bytes;

    for (size_t i = 0; i < KEY_MAX_BYTES; i += sizeof difference) {
        uint64_t part_a, part_b;

        memcpy(&part_a, a->bytes + i, sizeof part_a);
        memcpy(&part_b, b->bytes + i, sizeof part_b);
        difference |= part_a ^ part_b;
    }
    return 1 - (size_t)((difference | -difference) >> 63);
}

const struct key *key_list_find(const struct key_list *list, const char *bytes, size_t len_bytes)
{
    struct key given = {.len_bytes = len_bytes};
    size_t found = 0; /* index plus 1; no two keys are equal */

    if (len_bytes > KEY_MAX_BYTES)
        return NULL;
    memcpy(given.bytes, bytes, len_bytes);
    for (size_t i = 0; i < list->n_keys; i++)
        found |= (i + 1) * are_equal(&list->keys[i], &given);
    explicit_bzero(&given, sizeof given);
    return found ? &list->keys[found - 1] : NULL;
}
