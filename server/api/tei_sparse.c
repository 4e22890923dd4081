/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/tei_sparse.h"

#include "server/api/embed/decode.h"
#include "server/api/embed/embed_work.h"
#include "server/api/tei.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/text/number.h"

#include <string.h>

bool tei_read_embed_sparse(struct decoding *decoding, const struct body_object *root)
{
    if (!decoding->limits->is_sparse)
        return api_error_set(decoding->error, PROBLEM_NOT_SPARSE, "model",
                             "Model is not an embedding model with SPLADE pooling. POST /embed "
                             "gives its vectors");
    return tei_read_inputs(decoding, root);
}

/* A text has up to n_dims numbers, but most have some hundred: the reply's memory is reserved when
 * they are known. */
static struct finish_bytes count_bytes(const struct request *request, const struct embed_work *work)
{
    (void)request;
    return (struct finish_bytes){.reply = 2 + 3 * work->fields.n_inputs};
}

/* {"index":12,"value":0.5}, */
enum { VALUE_MAX_BYTES = 22 + NUMBER_U64_BYTES + NUMBER_FLOAT_BYTES };

static void write_vector(struct buffer *buffer, const float *vector, size_t n_dims)
{
    const char *separator = "[";

    for (size_t i = 0; i < n_dims; i++) {
        char number[NUMBER_FLOAT_BYTES];
        char *end;

        if (vector[i] == 0)
            continue;
        end = number_write_float(number, vector[i]);
        buffer_appendf(buffer, "%s{\"index\":%zu,\"value\":%.*s}", separator, i,
                       (int)(end - number), number);
        separator = ",";
    }
    buffer_append_string(buffer, *separator == '[' ? "[]" : "]");
}

static size_t count_values(const float *vectors, size_t n)
{
    size_t n_values = 0;

    for (size_t i = 0; i < n; i++)
        n_values += vectors[i] != 0;
    return n_values;
}

enum route_outcome tei_embed_sparse_start(struct request *request)
{
    static const struct embed_route route = {
        .is_sparse = true,
        .read = tei_read_embed_sparse,
        .count_bytes = count_bytes,
        .begin_reply = tei_count_characters,
    };

    return embed_work_start(request, &route);
}

void tei_embed_sparse_finish(struct request *request)
{
    const struct embed_work *work = embed_work_finish(request);
    struct buffer *reply = &request->reply.body;
    size_t n_dims, n_inputs;

    if (!work)
        return;
    n_dims = work->fields.n_dims;
    n_inputs = work->fields.n_inputs;
    respond_json(request);
    buffer_set_capacity(
        reply, 2 + 3 * n_inputs + count_values(work->vectors, n_inputs * n_dims) * VALUE_MAX_BYTES);
    for (size_t i = 0; i < n_inputs; i++) {
        buffer_append_string(reply, i > 0 ? "," : "[");
        write_vector(reply, embed_work_get_vector(work, i), n_dims);
    }
    buffer_append_string(reply, "]");
}
