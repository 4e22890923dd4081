/* SPDX-License-Identifier: Apache-2.0 */

/* A request's JSON body; its fields are fetched by name and type. The whole text is checked at
 * once. A field becomes a tree when it is first asked for. A field that is never asked for does
 * not, so it may be any valid JSON. If a field is absent or null, the output is left unchanged, so
 * callers write defaults first. Pure; any thread; for those that decode (decode.h) only. */
#ifndef NESTD_SERVER_API_EMBED_BODY_H
#define NESTD_SERVER_API_EMBED_BODY_H

#include "server/exchange/api_error.h"
#include "server/text/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct body;
struct members;
struct memory_claim;

/* An object of the body and its place in it. */
struct body_object {
    struct body *body;
    struct members *members; /* borrowed; NULL: an object that is absent, all of whose fields
                                     are absent */
    const char *path;        /* "" or "parameters" */
};

/* Checks a text that must be one JSON object; the text must stay in place until body_free(). No
 * field may hold more than `max_values` values. Memory for members and trees is taken from the
 * claim, which must outlive the body; it may be NULL. */
bool body_new(struct slice text, size_t max_values, struct memory_claim *claim,
              struct body **ret_body, struct api_error *ret_error);

/* Frees all trees and gives back their memory. NULL is allowed. */
void body_free(struct body *body);

/* The outermost object. */
struct body_object body_root(struct body *body);

/* The error of the first field that could not be read; that field and all later ones were then
 * returned as if absent. NULL: there was no error. */
const struct api_error *body_fault(const struct body *body);

/* False if the field is absent or null. */
bool body_has(const struct body_object *object, const char *name);

/* NULL if the field is absent or null, or there is a body_fault(). The body owns the tree. */
json_t *body_get(const struct body_object *object, const char *name);

/* Options are fields that may be left out. Clients send "" for an option that their user left
 * empty, so that counts as absent. */
json_t *body_get_option(const struct body_object *object, const char *name);
bool body_has_option(const struct body_object *object, const char *name);

/* Each of these gets an option. */
bool body_get_object(const struct body_object *object, const char *name,
                     struct body_object *ret_child, struct api_error *ret_error);
/* A list of objects, which may have other fields besides ours; those are ignored. A list of texts
 * or numbers is got as a tree. */
struct body_list {
    struct body *body;
    struct members *items; /* borrowed */
    size_t n;              /* 0 if it is absent */
};
bool body_get_list(const struct body_object *object, const char *name, struct body_list *ret_list,
                   struct api_error *ret_error);

/* `path` is that of the item, and must stay as long as *ret_item is used. */
bool body_get_item(const struct body_list *list, size_t i, const char *path,
                   struct body_object *ret_item, struct api_error *ret_error);

/* The text is borrowed from the tree. */
bool body_get_text(const struct body_object *object, const char *name, struct slice *ret_text,
                   struct api_error *ret_error);
bool body_get_switch(const struct body_object *object, const char *name, bool *ret_on,
                     struct api_error *ret_error);

/* The path of a field, or of an item of a list. */
struct body_path {
    char text[128];
};
struct body_path body_path(const struct body_object *object, const char *name);
struct body_path body_item_path(const char *list_path, size_t index);

/* "a text", "a number", "null" ... */
const char *body_type_name(const json_t *json);

#endif
