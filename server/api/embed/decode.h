/* SPDX-License-Identifier: Apache-2.0 */

/* From the JSON body of a request to its fields: what the routes of all families share. Which
 * fields a route has is said in its family's file. Pure; any thread. */
#ifndef NESTD_SERVER_API_EMBED_DECODE_H
#define NESTD_SERVER_API_EMBED_DECODE_H

#include "server/api/embed/body.h"
#include "server/api/embed/fields.h"
#include "server/api/embed/json_whole.h"
#include "server/api/embed/limits.h"
#include "server/exchange/api_error.h"

#include <stdbool.h>

struct memory_claim;

/* A body that is being decoded. */
struct decoding {
    const struct limits *limits;
    struct fields fields;
    struct api_error *error;
};

/* Checks the whole body, sets the defaults, and calls the route's `read` for its fields; fills in
 * *ret_fields or *ret_error. Memory for the trees of fields is taken from `memory`, which may be
 * NULL, until fields_release(). The body must stay until then. */
bool decode_body(struct slice body, const struct limits *limits, struct memory_claim *memory,
                 bool (*read)(struct decoding *decoding, const struct body_object *root),
                 struct fields *ret_fields, struct api_error *ret_error);

/* The error for a text field with a value that is not allowed. */
bool decode_refuse_value(struct decoding *decoding, const struct body_object *object,
                         const char *name, struct slice value, const char *allowed);

/* Each decodes a field, or a few that belong together, and keeps the default if the field is
 * absent. False: the error is set. */
bool decode_model(struct decoding *decoding, const struct body_object *object);
bool decode_dimensions(struct decoding *decoding, const struct body_object *object);
bool decode_truncate(struct decoding *decoding, const struct body_object *object);
bool decode_prompt_tokens(struct decoding *decoding, const struct body_object *object);
bool decode_prompt(struct decoding *decoding, const struct body_object *object);
bool decode_similarity_name(struct decoding *decoding, const struct body_object *object);

/* False if the object has a field of another API that would change the vectors. */
bool decode_refuse_foreign(struct decoding *decoding, const struct body_object *object);

/* The same for a route that takes some of them: `taken` ends with NULL. */
bool decode_refuse_foreign_but(struct decoding *decoding, const struct body_object *object,
                               const char *const taken[]);

#endif
