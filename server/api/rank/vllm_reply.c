/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/rank/vllm_reply.h"

#include "server/api/embed/vector_json.h"
#include "server/exchange/request.h"
#include "server/exchange/server.h"

#include <string.h>
#include <time.h>

void vllm_reply_begin(struct request *request)
{
    struct buffer *buffer = &request->reply.body;
    const char *model = served_model_name(request->model);

    buffer_append_string(buffer, "{\"id\":");
    buffer_append_json_or_null(buffer, request->id);
    buffer_appendf(buffer,
                   ",\"object\":\"list\",\"created\":%lld,\"model\":", (long long)time(NULL));
    buffer_append_json_string(buffer, model, strlen(model));
    buffer_append_string(buffer, ",\"data\":[");
}

void vllm_reply_end(struct request *request, const struct embed_work *work)
{
    struct buffer *buffer = &request->reply.body;

    buffer_append_string(buffer, "],\"usage\":");
    embed_work_write_usage(work, buffer);
    buffer_append_string(buffer, "}");
}

/* The longest name of a label stands for all. */
struct finish_bytes vllm_reply_count_bytes(const struct request *request,
                                           const struct embed_work *work)
{
    enum { AROUND = 512, AROUND_ITEM = 128 };
    const struct labels *labels = &request->model->limits->labels;
    const char *model = served_model_name(request->model);
    size_t label_bytes = 0;

    for (size_t i = 0; i < labels->n; i++) {
        size_t n_bytes = buffer_json_string_length(labels->names[i], strlen(labels->names[i]));

        label_bytes = n_bytes > label_bytes ? n_bytes : label_bytes;
    }
    return (struct finish_bytes){
        .reply = AROUND + buffer_json_string_length(model, strlen(model)) +
                 work->fields.n_inputs *
                     (AROUND_ITEM + label_bytes + vector_json_floats_max_bytes(labels->n)),
    };
}
