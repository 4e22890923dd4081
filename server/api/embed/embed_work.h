/* SPDX-License-Identifier: Apache-2.0 */

/* A request's inputs on their way to vectors, the same for every route that encodes: decoded
 * fields, tokens, the jobs of one group, the vectors. It is the request's `work` and is freed with
 * it. */
#ifndef NESTD_SERVER_API_EMBED_EMBED_WORK_H
#define NESTD_SERVER_API_EMBED_EMBED_WORK_H

#include "engine/engine.h"
#include "server/api/embed/fields.h"
#include "server/api/embed/limits.h"
#include "server/exchange/api_error.h"
#include "server/exchange/route.h"
#include "server/text/slice.h"
#include "server/text/buffer.h"

#include <stdbool.h>
#include <stddef.h>

struct body_object;
struct decoding;
struct request;

struct embed_work {
    struct fields fields; /* inputs and texts are let go of before the group is submitted */
    struct tokens tokens; /* of all inputs, end to end */
    struct job *jobs;     /* [n_inputs], in input order */
    float *vectors;       /* [n_inputs, n_dims]; not pooled: [n_tokens, n_dims] */
    size_t *truncated;    /* [n_truncated], ascending: the inputs that were cut */
    size_t n_truncated;
};

enum { MAX_SPECIAL_TOKENS = 8 }; /* round one text: more than any family has */

/* What a route's finish takes at most: the reply's body, and other memory beside it. */
struct finish_bytes {
    size_t reply;
    size_t work;
};

/* What sets one route that encodes apart from the others. */
struct embed_route {
    /* Reads the fields that the route has (decode.h). */
    bool (*read)(struct decoding *decoding, const struct body_object *root);

    /* Asked while the texts are still there, so that a request whose reply would have no room is
     * not encoded. */
    struct finish_bytes (*count_bytes)(const struct request *request,
                                       const struct embed_work *work);

    /* For a reply that repeats texts: called before they are let go of. NULL: not needed. */
    void (*begin_reply)(struct request *request, const struct fields *fields);
};

/* Decodes the body, checks, tokenizes and submits; or answers with what is wrong. A route's start
 * is this and no more. */
enum route_outcome embed_work_start(struct request *request, const struct embed_route *route);

/* After the group is done: the vectors, all of them whole and finite, and in the reply the header
 * x-truncated-inputs, the indices of the inputs that were cut (of two lists, the second counts on
 * after the first; absent if none was). NULL: some are not, and the request was answered. */
struct embed_work *embed_work_finish(struct request *request);

/* [n_dims]; of a text that was pooled. */
const float *embed_work_get_vector(const struct embed_work *work, size_t i_input);

/* What brings that vector to length 1 (pack.h); 1 where it has that length already. */
float embed_work_find_scale(const struct embed_work *work, size_t i_input);

/* {"prompt_tokens":N,"total_tokens":N} */
void embed_work_write_usage(const struct embed_work *work, struct buffer *buffer);

#endif
