/* SPDX-License-Identifier: Apache-2.0 */

/* From the JSON body of a request to its fields: what the routes of all families share. Which fields
 * a route has is said in its family's file. Pure; any thread. */
#ifndef NESTD_SERVER_API_EMBED_DECODE_H
#define NESTD_SERVER_API_EMBED_DECODE_H

#include "server/api/embed/body.h"
#include "server/api/embed/fields.h"
#include "server/api/embed/json_whole.h"
#include "server/api/embed/limits.h"
#include "server/exchange/api_error.h"

#include <stdbool.h>

struct memory_claim;

/* A body on its way into fields. */
struct decoding {
    const struct limits *limits;
    struct fields fields;
    struct api_error *error;
};

/* Checks the whole, sets the defaults, and leaves the fields to the route's `read`; *ret_fields or
 * *ret_error is filled in. What the trees of its fields take is taken from `memory`, which may be
 * NULL, until fields_release(). The body has to stay until then. */
bool decode_body(struct slice body, const struct limits *limits, struct memory_claim *memory,
                 bool (*read)(struct decoding *decoding, const struct body_object *root),
                 struct fields *ret_fields, struct api_error *ret_error);

/* The fault of a text field whose value is none of those allowed. */
bool refuse_value(struct decoding *decoding, const struct body_object *object, const char *name,
                  struct slice value, const char *allowed);

/* Each decodes a field, or a few that belong together, and leaves the default where the field is
 * absent. False: the fault is set. */
bool decode_model(struct decoding *decoding, const struct body_object *object);
bool decode_dimensions(struct decoding *decoding, const struct body_object *object);
bool decode_truncate(struct decoding *decoding, const struct body_object *object);
bool decode_prompt(struct decoding *decoding, const struct body_object *object);
bool decode_similarity_name(struct decoding *decoding, const struct body_object *object);

/* False where the object has a field of another API that would change the vectors. */
bool refuse_foreign_fields(struct decoding *decoding, const struct body_object *object);

#endif
