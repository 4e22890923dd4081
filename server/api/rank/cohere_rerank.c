/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/rank/cohere_rerank.h"

#include "server/api/rank/pairs.h"
#include "server/api/rank/ranking.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"

bool cohere_rerank_read(struct decoding *decoding, const struct body_object *root)
{
    return pairs_begin(decoding, true) && pairs_read_rerank(decoding, root);
}

enum route_outcome cohere_rerank_start(struct request *request)
{
    static const struct embed_route route = {
        .judges = true,
        .ranks = true,
        .read = cohere_rerank_read,
        .count_bytes = ranking_count_bytes,
        .begin_reply = embed_work_keep_texts,
    };

    return embed_work_start(request, &route);
}

/* The client shows no headers, so truncation is told here too. */
static void write_meta(struct buffer *buffer, const struct embed_work *work)
{
    buffer_append_string(buffer, "\"meta\":{\"api_version\":{\"version\":\"2\"},\"billed_units\":"
                                 "{\"search_units\":1}");
    if (work->n_truncated)
        buffer_appendf(buffer, ",\"warnings\":[\"%zu of %zu documents were truncated\"]",
                       work->n_truncated, work->fields.n_inputs);
    buffer_append_string(buffer, "}");
}

void cohere_rerank_finish(struct request *request)
{
    struct buffer *buffer = &request->reply.body;
    struct ranking ranking;

    if (!ranking_init(&ranking, request))
        return;
    respond_json(request);
    buffer_append_string(buffer, "{\"id\":");
    buffer_append_json_or_null(buffer, request->id);
    buffer_append_string(buffer, ",\"results\":");
    ranking_write_results(&ranking, buffer);
    buffer_append_string(buffer, ",");
    write_meta(buffer, ranking.work);
    buffer_append_string(buffer, "}");
    ranking_release(&ranking);
}
