/* SPDX-License-Identifier: Apache-2.0 */

/* TEI gives the sigmoid of a score whatever the model's own activation is, unless "raw_scores" asks
 * for the score as it is. */
#include "server/api/rank/tei_rerank.h"

#include "server/api/rank/jina_rerank.h"
#include "server/api/rank/pairs.h"
#include "server/api/rank/ranking.h"
#include "server/api/tei.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"

bool tei_rerank_read(struct decoding *decoding, const struct body_object *root)
{
    decoding->fields.is_jinas = !body_has(root, "texts") && body_has(root, "documents");
    if (decoding->fields.is_jinas)
        return jina_rerank_read(decoding, root);
    if (!pairs_begin(decoding, true))
        return false;
    decoding->fields.activation = SCORES_SIGMOID;
    return decode_refuse_foreign(decoding, root) &&
           pairs_read_query(decoding, root, "query", "texts", false) &&
           pairs_read_raw(decoding, root) &&
           body_get_switch(root, "return_text", &decoding->fields.return_texts, decoding->error) &&
           decode_truncate(decoding, root) && tei_decode_truncation_direction(decoding, root);
}

static void begin_reply(struct request *request, const struct fields *fields)
{
    tei_count_characters(request, fields);
    embed_work_keep_texts(request, fields);
}

enum route_outcome tei_rerank_start(struct request *request)
{
    static const struct embed_route route = {
        .judges = true,
        .ranks = true,
        .read = tei_rerank_read,
        .count_bytes = ranking_count_bytes,
        .begin_reply = begin_reply,
    };

    return embed_work_start(request, &route);
}

static void finish(struct request *request)
{
    struct buffer *buffer = &request->reply.body;
    struct ranking ranking;

    if (!ranking_init(&ranking, request))
        return;
    respond_json(request);
    for (size_t i = 0; i < ranking.n; i++) {
        const struct ranked *item = &ranking.items[i];

        buffer_appendf(buffer, "%s{\"index\":%zu,", i > 0 ? "," : "[", item->index);
        if (ranking.work->fields.return_texts) {
            buffer_append_string(buffer, "\"text\":");
            embed_work_write_text(ranking.work, item->index, buffer);
            buffer_append_string(buffer, ",");
        }
        buffer_append_string(buffer, "\"score\":");
        ranking_write_score(buffer, item->score);
        buffer_append_string(buffer, "}");
    }
    buffer_append_string(buffer, "]");
    ranking_release(&ranking);
}

void tei_rerank_finish(struct request *request)
{
    const struct embed_work *work = request->work;

    if (work->fields.is_jinas)
        jina_rerank_finish(request);
    else
        finish(request);
}
