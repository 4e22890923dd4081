/* SPDX-License-Identifier: Apache-2.0 */

/* Each instance is a request to /embed with a text of its own. A request here has one set of
 * options, so instances that ask for different ones are refused; clients send the same in all. */
#include "server/api/tei_vertex.h"

#include "server/api/embed/decode.h"
#include "server/api/embed/embed_work.h"
#include "server/api/embed/inputs.h"
#include "server/api/embed/vector_json.h"
#include "server/api/tei.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"

static const char list_name[] = "instances";

static bool read_options(struct decoding *decoding, const struct body_object *instance)
{
    return decode_refuse_foreign(decoding, instance) && decode_truncate(decoding, instance) &&
           tei_decode_truncation_direction(decoding, instance) &&
           decode_prompt(decoding, instance) && decode_dimensions(decoding, instance) &&
           body_get_switch(instance, "normalize", &decoding->fields.normalize, decoding->error);
}

/* Prompts are the model's own, so the same one is in the same place. */
static bool have_same_options(const struct fields *a, const struct fields *b)
{
    return a->truncate == b->truncate && a->prompt.bytes == b->prompt.bytes &&
           a->n_dims == b->n_dims && a->normalize == b->normalize;
}

static bool read_vertex(struct decoding *decoding, const struct body_object *root)
{
    struct decoding first;
    struct body_list list;

    if (!body_has(root, list_name))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, list_name,
                             "'%s' is missing: it must be a list of {\"type\":\"embed\","
                             "\"inputs\":text}",
                             list_name);
    decoding->fields.normalize = true; /* as on /embed */
    first = *decoding;
    if (!decode_instances(decoding, root, list_name) ||
        !body_get_list(root, list_name, &list, decoding->error))
        return false;
    for (size_t i = 0; i < list.n; i++) {
        const struct body_path path = body_item_path(list_name, i);
        struct decoding own = first; /* the defaults */
        struct body_object instance;

        if (!body_get_item(&list, i, path.text, &instance, decoding->error) ||
            !read_options(&own, &instance))
            return false;
        if (i > 0 && !have_same_options(&own.fields, &decoding->fields))
            return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, path.text,
                                 "'%s' has other options than '%s[0]': send it in a request of its "
                                 "own",
                                 path.text, list_name);
        decoding->fields.truncate = own.fields.truncate;
        decoding->fields.prompt = own.fields.prompt;
        decoding->fields.n_dims = own.fields.n_dims;
        decoding->fields.normalize = own.fields.normalize;
    }
    return true;
}

static struct finish_bytes count_bytes(const struct request *request, const struct embed_work *work)
{
    enum { AROUND = 32, AROUND_VECTOR = 4 };
    size_t vector_bytes = vector_json_floats_max_bytes(work->fields.n_dims) + AROUND_VECTOR;

    (void)request;
    return (struct finish_bytes){.reply = AROUND + work->fields.n_inputs * vector_bytes};
}

enum route_outcome tei_vertex_start(struct request *request)
{
    static const struct embed_route route = {
        .read = read_vertex,
        .count_bytes = count_bytes,
        .begin_reply = tei_count_characters,
    };

    return embed_work_start(request, &route);
}

/* A prediction is what /embed replies to its instance: a list of one vector. */
void tei_vertex_finish(struct request *request)
{
    const struct embed_work *work = embed_work_finish(request);
    struct buffer *buffer = &request->reply.body;

    if (!work)
        return;
    respond_json(request);
    buffer_append_string(buffer, "{\"predictions\":[");
    for (size_t i = 0; i < work->fields.n_inputs; i++) {
        buffer_append_string(buffer, i > 0 ? ",[" : "[");
        vector_json_floats(buffer, embed_work_get_vector(work, i), work->fields.n_dims);
        buffer_append_string(buffer, "]");
    }
    buffer_append_string(buffer, "]}");
}
