/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/rank/vllm_score.h"

#include "server/api/rank/pairs.h"
#include "server/api/rank/ranking.h"
#include "server/api/rank/vllm_reply.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"

/* Newer clients call the two columns queries and documents. */
static bool read_columns(struct decoding *decoding, const struct body_object *root)
{
    if (body_has(root, "queries") || body_has(root, "documents"))
        return pairs_read_columns(decoding, root, "queries", "documents");
    return pairs_read_columns(decoding, root, "text_1", "text_2");
}

bool vllm_score_read(struct decoding *decoding, const struct body_object *root)
{
    return pairs_begin(decoding, true) &&
           decode_refuse_foreign_but(decoding, root, "use_activation") &&
           decode_model(decoding, root) && read_columns(decoding, root) &&
           pairs_read_raw(decoding, root) && pairs_read_use_activation(decoding, root) &&
           decode_truncate(decoding, root);
}

enum route_outcome vllm_score_start(struct request *request)
{
    static const struct embed_route route = {
        .judges = true,
        .read = vllm_score_read,
        .count_bytes = vllm_reply_count_bytes,
    };

    return embed_work_start(request, &route);
}

void vllm_score_finish(struct request *request)
{
    const struct embed_work *work = embed_work_finish(request);
    struct buffer *buffer = &request->reply.body;

    if (!work)
        return;
    respond_json(request);
    vllm_reply_begin(request);
    for (size_t i = 0; i < work->fields.n_inputs; i++) {
        buffer_appendf(buffer, "%s{\"index\":%zu,\"object\":\"score\",\"score\":", i > 0 ? "," : "",
                       i);
        ranking_write_score(buffer, *ranking_activate(work, i));
        buffer_append_string(buffer, "}");
    }
    vllm_reply_end(request, work);
}
