/* SPDX-License-Identifier: Apache-2.0 */

/* A request's JSON body, whose fields are fetched by name and type. The whole is checked at once;
 * a field becomes a tree when it is first asked for, and one that nobody asks for never does, so it
 * may hold anything that is JSON. A field that is absent or null leaves the output as it was, so
 * that callers write defaults first. Pure; any thread; for those that decode (decode.h) only. */
#ifndef NESTD_SERVER_API_EMBED_BODY_H
#define NESTD_SERVER_API_EMBED_BODY_H

#include "server/exchange/api_error.h"
#include "server/text/slice.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct body;
struct body_members;
struct memory_claim;

enum { BODY_MAX_MEMBERS = 1024 }; /* of one object */

/* An object of the body and its place in it. */
struct body_object {
    struct body *body;
    struct body_members *members; /* borrowed; NULL: an object that is absent, all of whose fields
                                     are absent */
    const char *path;             /* "" or "parameters" */
};

/* Checks a text that must be one JSON object. The text has to stay where it is until body_free().
 * No field may be of more than `max_values` values. Memory for trees is taken from the claim, which
 * has to outlive the body; it may be NULL. */
bool body_new(struct slice text, size_t max_values, struct memory_claim *claim,
              struct body **ret_body, struct api_error *ret_error);

/* Lets go of every tree, and gives back what they took. NULL is allowed. */
void body_free(struct body *body);

/* The outermost object. */
struct body_object body_root(struct body *body);

/* What was wrong with a field that was asked for: then it, and every later one, was given as if it
 * were absent. NULL: nothing was. */
const struct api_error *body_fault(const struct body *body);

/* False if the field is absent or null. */
bool body_has(const struct body_object *object, const char *name);

/* NULL if the field is absent or null, or there is a body_fault(). The body owns the tree. */
json_t *body_get(const struct body_object *object, const char *name);

/* Options are fields that may be left out. Clients send "" for one that their user left empty, so
 * that is as absent. */
json_t *body_get_option(const struct body_object *object, const char *name);
bool body_has_option(const struct body_object *object, const char *name);

/* Each gets an option. */
bool body_get_object(const struct body_object *object, const char *name,
                     struct body_object *ret_child, struct api_error *ret_error);
/* A list of objects that may have fields of any kind besides ours, which are then ignored; one of
 * texts or numbers is got as a tree. */
struct body_list {
    struct body *body;
    struct body_members *items; /* borrowed */
    size_t n;                   /* 0 where it is absent */
};
bool body_get_list(const struct body_object *object, const char *name, struct body_list *ret_list,
                   struct api_error *ret_error);

/* `path` is the item's, and has to stay as long as *ret_item is used. */
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
