/* SPDX-License-Identifier: Apache-2.0 */

/* Which of several models a request is for. */
#ifndef NESTD_SERVER_API_EMBED_CHOOSE_H
#define NESTD_SERVER_API_EMBED_CHOOSE_H

#include <stdbool.h>

struct request;
struct served_model;
struct server;

/* What the model must do where a request names none: choose_first() is then meant. */
enum choose_kind {
    CHOOSE_ANY,
    CHOOSE_EMBEDDER,
    CHOOSE_SPARSE,
    CHOOSE_RANKER, /* a cross-encoder of one label */
    CHOOSE_CROSS_ENCODER,
};

/* The first model of that kind or, where there is none of it, the first of all, for the error that
 * tells so. All are loaded. */
struct served_model *choose_first(const struct server *server, enum choose_kind kind);

/* Sets request->model, by the body's "model" on every route. With one model there is nothing to
 * choose, and the body is not looked at. False: no such model is served, or the name is no text, and
 * the request was answered. */
bool choose_model(struct request *request, enum choose_kind kind);

#endif
