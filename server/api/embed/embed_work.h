/* SPDX-License-Identifier: Apache-2.0 */

/* The work of a request that encodes, the same for all routes: decoded fields, tokens, the jobs of
 * one group, vectors. It is the request's `work` and is freed with it. */
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
    struct fields fields; /* inputs and texts are freed before the group is submitted */
    struct tokens tokens; /* of all inputs, end to end */
    struct job *jobs;     /* [n_inputs], in input order */
    float *vectors;       /* [n_inputs, n_dims]; not pooled: [n_tokens, n_dims] */
    size_t *truncated;    /* [n_truncated], ascending: the truncated inputs */
    size_t n_truncated;

    /* Texts for the reply, as JSON, where a route keeps them (embed_work_keep_texts). */
    struct buffer texts;
    size_t *text_ends; /* [n_inputs], in texts.bytes */
};

enum { MAX_SPECIAL_TOKENS = 8 }; /* around one text: more than any family has */

/* The memory that a route's finish needs at most: for the reply's body, and otherwise. */
struct finish_bytes {
    size_t reply;
    size_t work;
};

/* How one route that encodes differs from the others. */
struct embed_route {
    bool judges;        /* it is a cross-encoder's; other routes refuse such a model */
    bool ranks;         /* of those, it needs one of one label */
    bool is_sparse;     /* the same of a model whose vectors are sparse */
    bool model_in_path; /* request->model is set already */

    /* Reads the fields that the route has (decode.h). */
    bool (*read)(struct decoding *decoding, const struct body_object *root);

    /* Called while the texts still exist, so that a request is not encoded if there is no memory
     * for its reply. */
    struct finish_bytes (*count_bytes)(const struct request *request,
                                       const struct embed_work *work);

    /* For a reply that repeats texts: called before they are freed. NULL: not needed. */
    void (*begin_reply)(struct request *request, const struct fields *fields);
};

/* Decodes the body, checks, tokenizes and submits; or answers with what is wrong. It is all that a
 * route's start does. */
enum route_outcome embed_work_start(struct request *request, const struct embed_route *route);

/* After the group is done: returns the vectors, all of them complete and finite, and adds the
 * header x-truncated-inputs with the indices of truncated inputs (a second list counts on after the
 * first; no header if there are none). NULL: a vector is missing or not finite, and the request was
 * answered. */
struct embed_work *embed_work_finish(struct request *request);

/* [n_dims]; for pooled texts only. */
const float *embed_work_get_vector(const struct embed_work *work, size_t i_input);

/* The factor that brings that vector to length 1 (pack.h); 1 if it has that length already. */
float embed_work_find_scale(const struct embed_work *work, size_t i_input);

/* An embed_route's begin_reply: keeps each input's last text, if the request asks for them. */
void embed_work_keep_texts(struct request *request, const struct fields *fields);
void embed_work_write_text(const struct embed_work *work, size_t i_input, struct buffer *buffer);

/* {"prompt_tokens":N,"total_tokens":N} */
void embed_work_write_usage(const struct embed_work *work, struct buffer *buffer);

#endif
