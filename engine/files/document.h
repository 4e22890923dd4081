/* SPDX-License-Identifier: Apache-2.0 */

/* A JSON file of a model folder, and its fields read with types and bounds. A complaint names file
 * and key: `config.json: "hidden_size" must be a whole number from 1 to 65536, is "x"`. Read-only
 * once open; borrowed values live until document_release. */
#ifndef NESTD_ENGINE_FILES_DOCUMENT_H
#define NESTD_ENGINE_FILES_DOCUMENT_H

#include "engine/base/status.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

/* An object (or array) of a JSON file, and how to call it in a complaint: "config.json". */
struct document {
    json_t *root;
    char name[120];
};

/* Opens the file folder/name, whose root must be an object (or, where `want_array`, an array).
 * `name` is what complaints call it. STATUS_IO if it is not there; STATUS_INVALID for what is not
 * JSON or has a key twice. */
MUST_CHECK enum status document_open(struct document *ret_document, const char *folder,
                                     const char *name, bool want_array, struct error *error);

/* The same, but if there is no such file the result's root is NULL, which is not a failure. */
MUST_CHECK enum status document_open_if_there(struct document *ret_document, const char *folder,
                                              const char *name, bool want_array,
                                              struct error *error);
void document_release(struct document *document);

/* The getters below leave *value as it was where the key is absent or null. */
MUST_CHECK enum status document_get_size(const struct document *document, const char *key,
                                         size_t min, size_t max, size_t *value,
                                         struct error *error);
MUST_CHECK enum status document_get_real(const struct document *document, const char *key,
                                         double min, double max, double *value,
                                         struct error *error);
/* How many tokens a text may have; 0 where the file's number means "no limit". */
MUST_CHECK enum status document_get_limit(const struct document *document, const char *key,
                                          size_t *value, struct error *error);
MUST_CHECK enum status document_get_bool(const struct document *document, const char *key,
                                         bool *value, struct error *error);
MUST_CHECK enum status document_get_string(const struct document *document, const char *key,
                                           const char **value, struct error *error);

/* An inner object, borrowed (not to be released); its root is NULL where the key is absent or null.
 */
MUST_CHECK enum status document_get_object(const struct document *document, const char *key,
                                           struct document *ret_inner, struct error *error);

/* A whole number from `least` to `most`; false for any other value. */
bool document_read_size(const json_t *value, size_t min, size_t max, size_t *ret_size);

/* STATUS_UNSUPPORTED unless the key asks for nothing: absent, null, false, or an empty string,
 * array or object. */
MUST_CHECK enum status document_refuse(const struct document *document, const char *key,
                                       struct error *error);

/* The same of a count: 0 asks for nothing too. */
MUST_CHECK enum status document_refuse_count(const struct document *document, const char *key,
                                             struct error *error);

/* STATUS_UNSUPPORTED if the key is there and is another text than this. */
MUST_CHECK enum status document_demand(const struct document *document, const char *key,
                                       const char *wanted, struct error *error);

/* STATUS_UNSUPPORTED if the object has a key that is not in known[n_known]. */
MUST_CHECK enum status document_check_keys(const struct document *document,
                                           const char *const known[], size_t n_known,
                                           struct error *error);

/* A short rendering of a value for a complaint; returns `text`. */
enum { DOCUMENT_SHOWN_BYTES = 64 };
const char *document_show(const json_t *value, char text[DOCUMENT_SHOWN_BYTES]);

#endif
