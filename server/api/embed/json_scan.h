/* SPDX-License-Identifier: Apache-2.0 */

/* One pass over a JSON text that builds nothing: whether it is JSON (RFC 8259) in UTF-8, what is
 * wrong with it where it is not, and where the members of its outermost object stand. Pure; any
 * thread; it takes no memory but its frame, however deep the text is nested. */
#ifndef NESTD_SERVER_API_EMBED_JSON_SCAN_H
#define NESTD_SERVER_API_EMBED_JSON_SCAN_H

#include "server/text/slice.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    JSON_SCAN_MAX_DEPTH = 2048, /* lists and objects in one another */
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
    struct slice key;   /* what stands between its quotes, escapes as they came */
    struct slice value; /* valid JSON, without space around it */
    size_t n_values;    /* the value and all within it */
    size_t tree_bytes;  /* jansson takes no more than this, from malloc, to parse and keep it, with
                           what decoding makes of it */
};

struct json_scan {
    struct slice value;  /* VALID: the whole, without space or byte order mark around it */
    size_t position;     /* else the byte at which it went wrong */
    const char *problem; /* MALFORMED: in words that may follow a colon */
};

/* on_member is called for each member in turn, and stops the scan by returning false; it is never
 * called where the outermost value is no object. What comes later may still turn out to be
 * malformed. */
enum json_scan_outcome json_scan(struct slice text,
                                 bool (*on_member)(void *user, const struct json_member *member),
                                 void *user, struct json_scan *ret_scan);

/* The same for the items of a list; their keys are empty. */
enum json_scan_outcome json_scan_items(struct slice text,
                                       bool (*on_item)(void *user, const struct json_member *item),
                                       void *user, struct json_scan *ret_scan);

#endif
