/* SPDX-License-Identifier: Apache-2.0 */

/* json_scan.h finds the members of an object, and jansson builds the trees of those that are asked
 * for. So what jansson can still refuse is little, and all else that fails in it is memory that
 * was short: it does not always distinguish that from bad syntax.
 *
 * A body may be small as text and huge as a tree: "[]," is three bytes and about 150 as a tree.
 * Therefore a tree's size is known, taken from the request's claim, and bounded in values, before
 * it is built. The depth is bounded by the scan, and with it the recursion of jansson. */
#include "server/api/embed/body.h"

#include "engine/engine.h"

#include "server/api/embed/json_scan.h"
#include "server/api/embed/json_text.h"
#include "server/api/embed/json_whole.h"
#include "server/api/embed/members.h"
#include "server/text/memory_budget.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

_Static_assert((int)JSON_SCAN_MAX_DEPTH <= JSON_PARSER_MAX_DEPTH, "jansson would refuse it");

/* A tree is many small blocks, which malloc keeps for later: from this size on they go back to the
 * system, which takes some milliseconds, as building the tree took many more. */
enum { TRIMMED_BYTES = 4 << 20 };

struct body {
    struct members *objects; /* of every object and list that was asked for */
    struct members *root;    /* those of the outermost */
    size_t max_values;
    struct memory_claim *claim;
    size_t tree_bytes; /* taken from the claim */
    bool failed;
    struct api_error error;
};

/* An empty one, owned by the body; NULL if memory is short. */
static struct members *members_add(struct body *body)
{
    struct members *members = calloc(1, sizeof(*members));

    if (!members)
        return NULL;
    members->next = body->objects;
    body->objects = members;
    return members;
}

/* ---- the whole ---- */

static bool scan_fault(enum json_scan_outcome outcome, struct slice text,
                       const struct json_scan *scan, struct api_error *ret_error)
{
    struct json_place place;

    switch (outcome) {
    case JSON_SCAN_TOO_DEEP:
        return api_error_set(ret_error, PROBLEM_NOT_JSON, NULL,
                             "The request body is nested too deeply: at most %d levels are allowed",
                             JSON_SCAN_MAX_DEPTH);
    case JSON_SCAN_NOT_UTF8:
        return api_error_set(ret_error, PROBLEM_NOT_JSON, NULL,
                             "The request body is not valid UTF-8 (at byte %zu)", scan->position);
    default:
        place = json_find_place(text, scan->position);
        return api_error_set(ret_error, PROBLEM_NOT_JSON, NULL,
                             "The request body is not valid JSON (line %zu, column %zu): %s",
                             place.line, place.column, scan->problem);
    }
}

/* The kind of value at the start of a JSON text; not an object. */
static const char *name_type(char first)
{
    switch (first) {
    case '[':
        return "a list";
    case '"':
        return "a text";
    case 't':
    case 'f':
        return "true or false";
    case 'n':
        return "null";
    default:
        return "a number";
    }
}

static bool scan_root(struct body *body, struct slice text, struct api_error *ret_error)
{
    struct json_scan scan;
    enum json_scan_outcome outcome;

    body->root = members_add(body);
    if (!body->root)
        return api_error_set_no_memory(ret_error);
    outcome = members_read_object(body->root, text, body->claim, &scan, ret_error);
    if (outcome == JSON_SCAN_STOPPED)
        return false;
    if (outcome)
        return scan_fault(outcome, text, &scan, ret_error);
    if (scan.value.bytes[0] != '{')
        return api_error_set(ret_error, PROBLEM_BAD_REQUEST, NULL,
                             "The request body must be a JSON object, but is %s",
                             name_type(scan.value.bytes[0]));
    return true;
}

bool body_new(struct slice text, size_t max_values, struct memory_claim *claim,
              struct body **ret_body, struct api_error *ret_error)
{
    struct body *body;

    if (text.len_bytes == 0)
        return api_error_set(ret_error, PROBLEM_NOT_JSON, NULL,
                             "The request body is empty: it must be a JSON object");
    body = calloc(1, sizeof(*body));
    if (!body)
        return api_error_set_no_memory(ret_error);
    body->max_values = max_values;
    body->claim = claim;
    if (!scan_root(body, text, ret_error)) {
        body_free(body);
        return false;
    }
    *ret_body = body;
    return true;
}

void body_free(struct body *body)
{
    if (!body)
        return;
    while (body->objects) {
        struct members *members = body->objects;

        body->objects = members->next;
        members_release(members, body->claim);
        free(members);
    }
    memory_give(body->claim, body->tree_bytes);
    if (body->tree_bytes >= TRIMMED_BYTES)
        malloc_trim(0);
    free(body);
}

struct body_object body_root(struct body *body)
{
    return (struct body_object){.body = body, .members = body->root, .path = ""};
}

const struct api_error *body_fault(const struct body *body)
{
    return body->failed ? &body->error : NULL;
}

/* ---- fields ---- */

/* The key after which jansson stopped. */
static struct slice key_before(struct slice text, size_t position)
{
    size_t stop = position - 1; /* its closing quote */
    size_t start = stop;

    while (start > 0 && text.bytes[start - 1] != '"')
        start--;
    return (struct slice){text.bytes + start, stop - start};
}

static bool parse_fault(const json_error_t *error, struct slice text, const char *path,
                        struct api_error *ret_error)
{
    size_t position = error->position > 0 ? (size_t)error->position : 0;

    switch (json_error_code(error)) {
    case json_error_numeric_overflow:
        return api_error_set(ret_error, PROBLEM_BAD_REQUEST, path, "'%s' %s a number out of range",
                             path, text.bytes[0] == '[' || text.bytes[0] == '{' ? "holds" : "is");
    case json_error_null_byte_in_key:
        return api_error_set(ret_error, PROBLEM_BAD_REQUEST, path,
                             "'%s' holds a key with \\u0000, which none of ours has", path);
    case json_error_duplicate_key:
        if (position >= 2 && position <= text.len_bytes)
            return members_refuse_twice(key_before(text, position), ret_error);
        break;
    default:
        break;
    }
    return api_error_set_no_memory(ret_error);
}

static bool parse(struct body *body, struct member *member, const char *path)
{
    const struct json_member *place = &member->place;
    json_error_t error; /* left zero where an allocation failed */

    if (place->n_values > body->max_values)
        return api_error_set(&body->error, PROBLEM_BAD_REQUEST, path,
                             "'%s' holds more than %zu JSON values", path, body->max_values);
    if (!memory_take(body->claim, place->tree_bytes)) {
        api_error_of_memory(body->claim, &body->error);
        return false;
    }
    body->tree_bytes += place->tree_bytes;
    member->tree = json_read(place->value.bytes, place->value.len_bytes,
                             JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL | JSON_DECODE_ANY, &error);
    return member->tree || parse_fault(&error, place->value, path, &body->error);
}

/* NULL if the field is absent or null. */
static struct member *find(const struct body_object *object, const char *name)
{
    struct slice key = {name, strlen(name)};
    struct member *member = object->members ? members_find(object->members, key) : NULL;

    return member && member->place.value.bytes[0] != 'n' ? member : NULL;
}

static struct member *find_option(const struct body_object *object, const char *name)
{
    struct member *member = find(object, name);

    return member && slice_is(member->place.value, "\"\"") ? NULL : member;
}

static json_t *get_tree(const struct body_object *object, struct member *member, const char *name)
{
    if (!member || object->body->failed)
        return NULL;
    if (!member->tree)
        object->body->failed = !parse(object->body, member, body_path(object, name).text);
    return member->tree;
}

bool body_has(const struct body_object *object, const char *name)
{
    return find(object, name);
}

json_t *body_get(const struct body_object *object, const char *name)
{
    return get_tree(object, find(object, name), name);
}

json_t *body_get_option(const struct body_object *object, const char *name)
{
    return get_tree(object, find_option(object, name), name);
}

bool body_has_option(const struct body_object *object, const char *name)
{
    return find_option(object, name);
}

/* Only finds the members; they become trees when they are asked for. */
static bool open_object(struct body *body, struct slice value, const char *name, const char *path,
                        struct body_object *ret_object, struct api_error *ret_error)
{
    struct members *members;
    struct json_scan scan;

    if (value.bytes[0] != '{')
        return api_error_set(ret_error, PROBLEM_BAD_REQUEST, path,
                             "'%s' must be an object, but is %s", path, name_type(value.bytes[0]));
    members = members_add(body);
    if (!members)
        return api_error_set_no_memory(ret_error);
    *ret_object = (struct body_object){body, members, name};
    return members_read_object(members, value, body->claim, &scan, ret_error) == JSON_SCAN_VALID;
}

bool body_get_object(const struct body_object *object, const char *name,
                     struct body_object *ret_child, struct api_error *ret_error)
{
    struct member *member = find_option(object, name);
    struct body_path path = body_path(object, name);

    *ret_child = (struct body_object){.body = object->body, .path = name};
    return !member ||
           open_object(object->body, member->place.value, name, path.text, ret_child, ret_error);
}

bool body_get_list(const struct body_object *object, const char *name, struct body_list *ret_list,
                   struct api_error *ret_error)
{
    struct member *member = find(object, name);
    struct body *body = object->body;
    struct body_path path = body_path(object, name);
    struct members *items;
    struct json_scan scan;

    *ret_list = (struct body_list){.body = body};
    if (!member)
        return true;
    if (member->place.value.bytes[0] != '[')
        return api_error_set(ret_error, PROBLEM_BAD_REQUEST, path.text,
                             "'%s' must be a list, but is %s", path.text,
                             name_type(member->place.value.bytes[0]));
    items = members_add(body);
    if (!items)
        return api_error_set_no_memory(ret_error);
    if (members_read_list(items, member->place.value, body->claim, &scan, ret_error) !=
        JSON_SCAN_VALID)
        return false;
    ret_list->items = items;
    ret_list->n = items->n;
    return true;
}

bool body_get_item(const struct body_list *list, size_t i, const char *path,
                   struct body_object *ret_item, struct api_error *ret_error)
{
    return open_object(list->body, list->items->items[i].place.value, path, path, ret_item,
                       ret_error);
}

bool body_get_text(const struct body_object *object, const char *name, struct slice *ret_text,
                   struct api_error *ret_error)
{
    json_t *json = body_get_option(object, name);
    struct body_path path = body_path(object, name);

    if (!json)
        return true;
    if (!json_is_string(json))
        return api_error_set(ret_error, PROBLEM_BAD_REQUEST, path.text,
                             "'%s' must be a text, but is %s", path.text, body_type_name(json));
    *ret_text = (struct slice){json_string_value(json), json_string_length(json)};
    return true;
}

bool body_get_switch(const struct body_object *object, const char *name, bool *ret_on,
                     struct api_error *ret_error)
{
    json_t *json = body_get_option(object, name);
    struct body_path path = body_path(object, name);

    if (!json)
        return true;
    if (!json_is_boolean(json))
        return api_error_set(ret_error, PROBLEM_BAD_REQUEST, path.text,
                             "'%s' must be true or false, but is %s", path.text,
                             body_type_name(json));
    *ret_on = json_is_true(json);
    return true;
}

struct body_path body_path(const struct body_object *object, const char *name)
{
    struct body_path path;

    snprintf(path.text, sizeof(path.text), "%s%s%s", object->path, object->path[0] ? "." : "",
             name);
    return path;
}

struct body_path body_item_path(const char *list_path, size_t index)
{
    struct body_path path;

    snprintf(path.text, sizeof(path.text), "%s[%zu]", list_path, index);
    return path;
}

const char *body_type_name(const json_t *json)
{
    int64_t whole;

    switch (json_typeof(json)) {
    case JSON_OBJECT:
        return "an object";
    case JSON_ARRAY:
        return "a list";
    case JSON_STRING:
        return "a text";
    case JSON_INTEGER:
        return "a number";
    case JSON_REAL:
        return json_to_whole(json, &whole) ? "a number" : "a number that is not whole";
    case JSON_TRUE:
    case JSON_FALSE:
        return "true or false";
    case JSON_NULL:
        return "null";
    }
    return "something else";
}
