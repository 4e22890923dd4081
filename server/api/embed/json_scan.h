/* SPDX-License-Identifier: Apache-2.0 */

/* One pass over a JSON text that builds nothing. It finds whether the text is valid JSON (RFC 8259)
 * in UTF-8, what is wrong with it if not, and where the members of its outermost object are. Pure;
 * any thread; allocates nothing, however deeply the text is nested. */
#ifndef NESTD_SERVER_API_EMBED_JSON_SCAN_H
#define NESTD_SERVER_API_EMBED_JSON_SCAN_H

#include "server/text/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    JSON_SCAN_MAX_DEPTH = 2048, /* nested lists and objects */
};

enum json_scan_outcome {
    JSON_SCAN_VALID,
    JSON_SCAN_MALFORMED,
    JSON_SCAN_NOT_UTF8,
    JSON_SCAN_TOO_DEEP,
    JSON_SCAN_STOPPED, /* by on_member */
};

/* A member of the outermost object, or an item of the outermost list. */
struct json_member {
    struct slice key;   /* what is between its quotes, escapes not decoded */
    struct slice value; /* valid JSON, without space around it */
    size_t n_values;    /* the value and all values in it */
    size_t tree_bytes;  /* jansson takes no more than this, from malloc, to parse and keep it, with
                           what decoding makes of it */
};

struct json_scan {
    struct slice
        value;       /* VALID: the whole value, without white space or byte order mark around it */
    size_t position; /* otherwise the byte where the error is */
    const char *problem; /* MALFORMED: a message to follow a colon */
};

/* Calls on_member for each member in turn; it stops the scan by returning false. It is not called
 * if the outermost value is not an object. The rest of the text may still turn out to be malformed.
 */
enum json_scan_outcome json_scan(struct slice text,
                                 bool (*on_member)(void *user, const struct json_member *member),
                                 void *user, struct json_scan *ret_scan);

/* The same for the items of a list; their keys are empty. */
enum json_scan_outcome json_scan_items(struct slice text,
                                       bool (*on_item)(void *user, const struct json_member *item),
                                       void *user, struct json_scan *ret_scan);

#endif
