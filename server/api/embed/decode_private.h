/* SPDX-License-Identifier: Apache-2.0 */

/* What the files that decode bodies share: decode.c, inputs.c and one for each API family. Private
 * to them. */
#ifndef NESTD_SERVER_API_EMBED_DECODE_PRIVATE_H
#define NESTD_SERVER_API_EMBED_DECODE_PRIVATE_H

#include "server/api/embed/body.h"
#include "server/api/embed/decode.h"
#include "server/api/embed/json_whole.h"

/* A body on its way into fields. */
struct decoding {
    const struct limits *limits;
    struct fields fields;
    struct api_error *error;
};

/* Checks the whole, sets the defaults, and leaves the fields to the route's function. */
bool decode_body(struct slice body, const struct limits *limits, struct memory_claim *memory,
                 bool (*decode_fields)(struct decoding *decoding, const struct body_object *root),
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
