/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/rank/ranking.h"

#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"
#include "server/text/number.h"

#include <stdlib.h>
#include <string.h>

static int compare(const void *left, const void *right)
{
    const struct ranked *a = left;
    const struct ranked *b = right;

    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    return a->index < b->index ? -1 : 1;
}

void ranking_sort(struct ranked *items, size_t n)
{
    qsort(items, n, sizeof(*items), compare);
}

bool ranking_init(struct ranking *ranking, struct request *request)
{
    const struct embed_work *work = embed_work_finish(request);
    size_t n = work ? work->fields.n_inputs : 0;

    if (!work)
        return false;
    *ranking = (struct ranking){.work = work, .items = calloc(n, sizeof(*ranking->items))};
    if (!ranking->items) {
        respond_status(request, STATUS_NO_MEMORY);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        ranking->items[i] = (struct ranked){*ranking_activate(work, i), i};
    }
    ranking_sort(ranking->items, n);
    ranking->n = n < work->fields.top_n ? n : work->fields.top_n;
    return true;
}

void ranking_release(struct ranking *ranking)
{
    free(ranking->items);
}

/* What stands around an item is written by the routes; the longest is below AROUND_ITEM. */
struct finish_bytes ranking_count_bytes(const struct request *request,
                                        const struct embed_work *work)
{
    enum { AROUND = 512, AROUND_ITEM = 160 };
    const struct fields *fields = &work->fields;
    const char *model = served_model_name(request->model);
    size_t n_bytes = AROUND + buffer_json_string_length(model, strlen(model));

    for (size_t i = 0; i < fields->n_inputs; i++) {
        const struct slice *text = &fields->inputs[i].second;

        n_bytes += AROUND_ITEM;
        if (fields->return_texts)
            n_bytes += buffer_json_string_length(text->bytes, text->len_bytes);
    }
    return (struct finish_bytes){
        .reply = n_bytes,
        .work = fields->n_inputs * sizeof(struct ranked),
    };
}

float *ranking_activate(const struct embed_work *work, size_t i_input)
{
    float *scores = work->vectors + i_input * work->fields.n_dims;

    scores_activate(work->fields.activation, scores, work->fields.n_dims);
    return scores;
}

void ranking_write_results(const struct ranking *ranking, struct buffer *buffer)
{
    buffer_append_string(buffer, "[");
    for (size_t i = 0; i < ranking->n; i++) {
        const struct ranked *item = &ranking->items[i];

        buffer_appendf(buffer, "%s{\"index\":%zu,\"relevance_score\":", i > 0 ? "," : "",
                       item->index);
        ranking_write_score(buffer, item->score);
        if (ranking->work->fields.return_texts) {
            buffer_append_string(buffer, ",\"document\":{\"text\":");
            embed_work_write_text(ranking->work, item->index, buffer);
            buffer_append_string(buffer, "}");
        }
        buffer_append_string(buffer, "}");
    }
    buffer_append_string(buffer, "]");
}

void ranking_write_score(struct buffer *buffer, float score)
{
    char *start = buffer_reserve(buffer, NUMBER_FLOAT_BYTES);

    if (start)
        buffer->len_bytes += (size_t)(number_write_float(start, score) - start);
}
