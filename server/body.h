/* SPDX-License-Identifier: Apache-2.0 */

/* A request's JSON body: parsed within bounds, and its fields fetched by name and type. A field
 * that is absent or null leaves the output as it was, so that callers write defaults first. Pure;
 * any thread; for those that decode (decode_private.h) alone. */
#ifndef NESTD_SERVER_BODY_H
#define NESTD_SERVER_BODY_H

#include "server/fault.h"
#include "server/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* An object of the body and its place in it. */
struct body_object {
    json_t *json;     /* borrowed; NULL: an object that is absent, all of whose fields are absent */
    const char *path; /* "" or "parameters" */
};

/* Parses a body that must be one object of at most `most_values` values. The caller lets go of
 * *ret_root with json_decref(). */
bool body_parse(const char *bytes, size_t len_bytes, size_t most_values, json_t **ret_root,
                struct fault *ret_fault);

/* NULL if the field is absent or null. */
json_t *body_get(const struct body_object *object, const char *name);

bool body_get_object(const struct body_object *object, const char *name,
                     struct body_object *ret_child, struct fault *ret_fault);
/* The text is borrowed from the tree. */
bool body_get_text(const struct body_object *object, const char *name, struct slice *ret_text,
                   struct fault *ret_fault);
bool body_get_switch(const struct body_object *object, const char *name, bool *ret_on,
                     struct fault *ret_fault);

/* The path of a field, or of an item of a list. */
struct body_path {
    char text[128];
};
struct body_path body_path(const struct body_object *object, const char *name);
struct body_path body_item_path(const char *list_path, size_t index);

/* "a text", "a number", "null" ... */
const char *body_type_name(const json_t *json);

#endif
