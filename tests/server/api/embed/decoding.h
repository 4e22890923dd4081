/* SPDX-License-Identifier: Apache-2.0 */

/* What the tests of decoding share: a model's limits, and bodies that are taken or refused. */
#ifndef NESTD_TESTS_SERVER_API_EMBED_DECODING_H
#define NESTD_TESTS_SERVER_API_EMBED_DECODING_H

#include "server/api/embed/decode.h"

#include <stdbool.h>
#include <stddef.h>

/* A model of 8 dimensions, 100 tokens and the prompts query, passage and nothing; at most 3 inputs.
 */
extern const struct limits decoding_rules;

/* What a route reads of a body (embed_work.h). */
typedef bool read_function(struct decoding *decoding, const struct body_object *root);

bool decode_with(read_function *read, const struct limits *limits, const char *body,
                 struct fields *ret_fields, struct api_error *ret_error);

/* Fails the test where the body is refused. */
void decode_good(read_function *read, const char *body, struct fields *ret_fields);

void assert_slice(struct slice slice, const char *expected);

struct bad {
    const char *body;
    enum problem problem;
    const char *param;   /* "" for none */
    const char *message; /* a part of it */
};

void check_refused(read_function *read, const struct bad *cases, size_t n_cases);

#define CHECK_REFUSED(read, cases) check_refused(read, cases, sizeof(cases) / sizeof(cases[0]))

#endif
