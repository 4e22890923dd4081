/* SPDX-License-Identifier: Apache-2.0 */

/* One reply has what the clients of all three read: "model" and "usage" are Jina's and vLLM's, "id"
 * and "meta" Cohere's. As with Jina, documents are told again unless the request says no. */
#include "server/api/rank/jina_rerank.h"

#include "server/api/rank/pairs.h"
#include "server/api/rank/ranking.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

#include <string.h>

bool jina_rerank_read(struct decoding *decoding, const struct body_object *root)
{
    decoding->fields.return_texts = true;
    return pairs_begin(decoding, true) && pairs_read_rerank(decoding, root);
}

enum route_outcome jina_rerank_start(struct request *request)
{
    static const struct embed_route route = {
        .judges = true,
        .ranks = true,
        .read = jina_rerank_read,
        .count_bytes = ranking_count_bytes,
        .begin_reply = embed_work_keep_texts,
    };

    return embed_work_start(request, &route);
}

void jina_rerank_finish(struct request *request)
{
    struct buffer *buffer = &request->reply.body;
    const char *model = served_model_name(request->model);
    struct ranking ranking;

    if (!ranking_init(&ranking, request))
        return;
    respond_json(request);
    buffer_append_string(buffer, "{\"id\":");
    buffer_append_json_or_null(buffer, request->id);
    buffer_append_string(buffer, ",\"model\":");
    buffer_append_json_string(buffer, model, strlen(model));
    buffer_append_string(buffer, ",\"results\":");
    ranking_write_results(&ranking, buffer);
    buffer_append_string(buffer, ",\"usage\":");
    embed_work_write_usage(ranking.work, buffer);
    buffer_append_string(buffer, ",\"meta\":{\"api_version\":{\"version\":\"1\"},\"billed_units\":"
                                 "{\"search_units\":1}}}");
    ranking_release(&ranking);
}
