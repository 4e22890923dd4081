/* SPDX-License-Identifier: Apache-2.0 */

/* Each text's probabilities of all labels, in the model's order, and the label of the largest. */
#include "server/api/rank/vllm_classify.h"

#include "server/api/embed/inputs.h"
#include "server/api/embed/vector_json.h"
#include "server/api/rank/pairs.h"
#include "server/api/rank/ranking.h"
#include "server/api/rank/vllm_reply.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

#include <string.h>

bool vllm_classify_read(struct decoding *decoding, const struct body_object *root)
{
    if (!pairs_begin(decoding, false))
        return false;
    decoding->fields.activation = labels_get_probability(&decoding->limits->labels);
    return pairs_read_options(decoding, root) &&
           decode_texts(decoding, body_get(root, "input"), "input", NULL, NULL);
}

enum route_outcome vllm_classify_start(struct request *request)
{
    static const struct embed_route route = {
        .judges = true,
        .read = vllm_classify_read,
        .count_bytes = vllm_reply_count_bytes,
    };

    return embed_work_start(request, &route);
}

static const char *find_label(const struct labels *labels, const float *scores)
{
    size_t best = 0;

    for (size_t i = 1; i < labels->n; i++)
        if (scores[i] > scores[best])
            best = i;
    return labels->names[best];
}

void vllm_classify_finish(struct request *request)
{
    const struct embed_work *work = embed_work_finish(request);
    const struct labels *labels = &request->model->limits->labels;
    struct buffer *buffer = &request->reply.body;

    if (!work)
        return;
    respond_json(request);
    vllm_reply_begin(request);
    for (size_t i = 0; i < work->fields.n_inputs; i++) {
        const float *scores = ranking_activate(work, i);
        const char *label = find_label(labels, scores);

        buffer_appendf(buffer, "%s{\"index\":%zu,\"label\":", i > 0 ? "," : "", i);
        buffer_append_json_string(buffer, label, strlen(label));
        buffer_append_string(buffer, ",\"probs\":");
        vector_json_floats(buffer, scores, labels->n);
        buffer_appendf(buffer, ",\"num_classes\":%zu}", labels->n);
    }
    vllm_reply_end(request, work);
}
