/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/rank/vllm_score.h"

#include "server/api/rank/pairs.h"
#include "server/api/rank/ranking.h"
#include "server/api/rank/vllm_reply.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"

/* vLLM has four pairs of names for the two columns. */
static bool read_columns(struct decoding *decoding, const struct body_object *root)
{
    static const char *const names[][2] = {
        {"queries", "documents"}, {"queries", "items"}, {"data_1", "data_2"}, {"text_1", "text_2"}};
    enum { LAST = sizeof names / sizeof *names - 1 }; /* the one to be named as missing */
    size_t i = 0;

    while (i < LAST && !(body_has(root, names[i][0]) && body_has(root, names[i][1])))
        i++;
    return pairs_read_columns(decoding, root, names[i][0], names[i][1]);
}

bool vllm_score_read(struct decoding *decoding, const struct body_object *root)
{
    return pairs_begin(decoding, true) && pairs_read_options(decoding, root) &&
           read_columns(decoding, root);
}

enum route_outcome vllm_score_start(struct request *request)
{
    static const struct embed_route route = {
        .judges = true,
        .ranks = true,
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
