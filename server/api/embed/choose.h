/* SPDX-License-Identifier: Apache-2.0 */

/* Which of several models a request is for. */
#ifndef NESTD_SERVER_API_EMBED_CHOOSE_H
#define NESTD_SERVER_API_EMBED_CHOOSE_H

#include <stdbool.h>

struct request;

/* What the model must do where a request names none: the first one of that kind is then meant, or
 * where there is none of it, the first of all, for the error that tells so. */
enum choose_kind {
    CHOOSE_ANY,
    CHOOSE_EMBEDDER,
    CHOOSE_SPARSE,
    CHOOSE_RANKER, /* a cross-encoder of one label */
    CHOOSE_CROSS_ENCODER,
};

/* Sets request->model, by the body's "model" on every route. With one model there is nothing to
 * choose, and the body is not looked at. False: no such model is served, or the name is no text, and
 * the request was answered. */
bool choose_model(struct request *request, enum choose_kind kind);

#endif
