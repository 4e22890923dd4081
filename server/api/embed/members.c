/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/embed/members.h"

#include "server/api/embed/json_text.h"
#include "server/text/memory_budget.h"

#include <stdlib.h>
#include <string.h>

enum {
    FIRST_CAPACITY = 16,
    MAX_KEY_BYTES = 256, /* no field of ours has a longer name */
};

struct gathering {
    struct members *members;
    struct memory_claim *claim;
    struct api_error *error;
};

struct member *members_find(const struct members *members, struct slice key)
{
    for (size_t i = 0; i < members->n; i++) {
        struct slice other = members->items[i].place.key;

        if (other.len_bytes == key.len_bytes && memcmp(other.bytes, key.bytes, key.len_bytes) == 0)
            return &members->items[i];
    }
    return NULL;
}

bool members_refuse_twice(struct slice key, struct api_error *ret_error)
{
    struct excerpt excerpt = excerpt_of(key);

    return api_error_set(ret_error, PROBLEM_BAD_REQUEST, excerpt.text,
                         "The field '%s' occurs twice in the same object", excerpt.text);
}

/* Doubles the room. */
static bool grow(struct gathering *gathering)
{
    struct members *members = gathering->members;
    size_t capacity = members->capacity ? 2 * members->capacity : FIRST_CAPACITY;
    size_t more_bytes = (capacity - members->capacity) * sizeof(*members->items);
    struct member *items;

    if (!memory_take(gathering->claim, more_bytes)) {
        api_error_of_memory(gathering->claim, gathering->error);
        return false;
    }
    items = reallocarray(members->items, capacity, sizeof(*items));
    if (!items) {
        memory_give(gathering->claim, more_bytes);
        return api_error_set_no_memory(gathering->error);
    }
    members->items = items;
    members->capacity = capacity;
    return true;
}

/* Takes own_key, which may be NULL. */
static bool append(struct gathering *gathering, const struct json_member *member, char *own_key)
{
    struct members *members = gathering->members;

    if (members->n == members->capacity && !grow(gathering)) {
        free(own_key);
        return false;
    }
    members->items[members->n++] = (struct member){.place = *member, .own_key = own_key};
    return true;
}

static bool check_key(const struct members *members, struct slice key, struct api_error *ret_error)
{
    if (members_find(members, key))
        return members_refuse_twice(key, ret_error);
    if (members->n == BODY_MAX_MEMBERS)
        return api_error_set(ret_error, PROBLEM_BAD_REQUEST, NULL,
                             "An object of the request body has more than %d fields",
                             BODY_MAX_MEMBERS);
    return true;
}

/* Keys are compared with all earlier ones, so escapes are decoded once, here. */
static bool gather(void *user, const struct json_member *member)
{
    struct gathering *gathering = user;
    struct json_member plain = *member;
    char *own_key = NULL;

    if (member->key.len_bytes > MAX_KEY_BYTES)
        return true;
    if (memchr(member->key.bytes, '\\', member->key.len_bytes)) {
        own_key = malloc(member->key.len_bytes);
        if (!own_key)
            return api_error_set_no_memory(gathering->error);
        plain.key = (struct slice){own_key, json_unescape(member->key, own_key)};
    }
    if (!check_key(gathering->members, plain.key, gathering->error)) {
        free(own_key);
        return false;
    }
    return append(gathering, &plain, own_key);
}

static bool gather_item(void *user, const struct json_member *item)
{
    return append(user, item, NULL);
}

enum json_scan_outcome members_read_object(struct members *members, struct slice text,
                                           struct memory_claim *claim, struct json_scan *ret_scan,
                                           struct api_error *ret_error)
{
    struct gathering gathering = {members, claim, ret_error};

    return json_scan(text, gather, &gathering, ret_scan);
}

enum json_scan_outcome members_read_list(struct members *members, struct slice text,
                                         struct memory_claim *claim, struct json_scan *ret_scan,
                                         struct api_error *ret_error)
{
    struct gathering gathering = {members, claim, ret_error};

    return json_scan_items(text, gather_item, &gathering, ret_scan);
}

void members_release(struct members *members, struct memory_claim *claim)
{
    for (size_t i = 0; i < members->n; i++) {
        json_decref(members->items[i].tree);
        free(members->items[i].own_key);
    }
    free(members->items);
    memory_give(claim, members->capacity * sizeof(*members->items));
}
