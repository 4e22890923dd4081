/* SPDX-License-Identifier: Apache-2.0 */

/* The members of an object of a request's body, or the items of a list: where each is in the text,
 * and the tree that it became. Their memory is taken from the request's claim, since a list of two
 * bytes an item is a place of 64 here. Pure; any thread; for body.c only. */
#ifndef NESTD_SERVER_API_EMBED_MEMBERS_H
#define NESTD_SERVER_API_EMBED_MEMBERS_H

#include "server/api/embed/json_scan.h"
#include "server/exchange/api_error.h"
#include "server/text/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct memory_claim;

enum { BODY_MAX_MEMBERS = 1024 }; /* of one object */

struct member {
    struct json_member place; /* its key without escapes */
    char *own_key;            /* the key's bytes where it had escapes; else NULL */
    json_t *tree;             /* owned; NULL until it is asked for */
};

/* Zeroed: of nothing. */
struct members {
    struct members *next; /* the owner's list of them */
    size_t n;
    size_t capacity;
    struct member *items; /* [n] */
};

/* Both scan the text, which must stay in place, and fill `members`, which are empty. A key that
 * occurs twice, too many members of an object, and memory that is short stop the scan
 * (JSON_SCAN_STOPPED) with *ret_error set; what is wrong with the text is in *ret_scan. Members with
 * keys longer than any of ours are left out. The claim may be NULL. */
enum json_scan_outcome members_read_object(struct members *members, struct slice text,
                                           struct memory_claim *claim, struct json_scan *ret_scan,
                                           struct api_error *ret_error);
enum json_scan_outcome members_read_list(struct members *members, struct slice text,
                                         struct memory_claim *claim, struct json_scan *ret_scan,
                                         struct api_error *ret_error);

/* Frees the trees too, and gives back what was taken from the claim for the members. */
void members_release(struct members *members, struct memory_claim *claim);

/* NULL if there is none with that key. */
struct member *members_find(const struct members *members, struct slice key);

/* The error for a key that occurs twice; false. */
bool members_refuse_twice(struct slice key, struct api_error *ret_error);

#endif
