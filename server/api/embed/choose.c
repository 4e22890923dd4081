/* SPDX-License-Identifier: Apache-2.0 */

/* A body is decoded by the limits of its model, so the name is looked for before. A name that is no
 * text is told here, since not every route reads the field; what else is wrong with the body is left
 * to be told by who decodes it. */
#include "server/api/embed/choose.h"

#include "server/api/embed/body.h"
#include "server/api/embed/limits.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

static bool is_of_kind(const struct limits *limits, enum choose_kind kind)
{
    const size_t n_labels = limits->labels.n;

    switch (kind) {
    case CHOOSE_EMBEDDER:
        return limits_embed(limits);
    case CHOOSE_SPARSE:
        return limits->is_sparse;
    case CHOOSE_RANKER:
        return n_labels == 1;
    case CHOOSE_CROSS_ENCODER:
        return n_labels > 0;
    default:
        return true;
    }
}

struct served_model *choose_first(const struct server *server, enum choose_kind kind)
{
    for (size_t i = 0; i < server->n_models; i++) {
        if (is_of_kind(server->models[i].limits, kind))
            return &server->models[i];
    }
    return server->models;
}

/* NULL: the request was answered. */
static struct served_model *find_named(struct request *request, struct body *body,
                                       enum choose_kind kind)
{
    const struct body_object root = body_root(body);
    struct served_model *model;
    struct slice name = {0};
    struct api_error error;
    bool is_read = body_get_text(&root, "model", &name, &error);

    if (!is_read || body_fault(body)) {
        respond_api_error(request, is_read ? body_fault(body) : &error);
        return NULL;
    }
    if (!name.bytes)
        return choose_first(request->server, kind);
    model = server_find_model(request->server, name.bytes, name.len_bytes);
    if (!model)
        respond_unknown_model(request, name);
    return model;
}

bool choose_model(struct request *request, enum choose_kind kind)
{
    enum { MAX_VALUES = 16 }; /* the name is one */
    const struct slice text = {request->body.bytes, request->body.len_bytes};
    struct served_model *model = choose_first(request->server, kind);
    struct api_error error;
    struct body *body;

    if (request->server->n_models == 1)
        return true;
    if (body_new(text, MAX_VALUES, &request->memory, &body, &error)) {
        model = find_named(request, body, kind);
        body_free(body);
    }
    if (model)
        request->model = model;
    return model;
}
