/* SPDX-License-Identifier: Apache-2.0 */

/* Each input's labels with their probabilities, the most probable first; "raw_scores" asks for the
 * scores as they are. */
#include "server/api/rank/tei_predict.h"

#include "server/api/rank/pairs.h"
#include "server/api/rank/ranking.h"
#include "server/api/tei.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

#include <stdlib.h>
#include <string.h>

/* What Hugging Face's clients send for texts: a function to apply, which would be another than ours. */
static bool refuse_function(struct decoding *decoding, const struct body_object *root)
{
    struct body_object parameters;

    if (!body_get_object(root, "parameters", &parameters, decoding->error))
        return false;
    if (!body_has_option(&parameters, "function_to_apply"))
        return true;
    return api_error_set(decoding->error, PROBLEM_INVALID_VALUE, "parameters.function_to_apply",
                         "'parameters.function_to_apply' is not a field of this server, which has "
                         "instead: 'raw_scores'");
}

bool tei_predict_read(struct decoding *decoding, const struct body_object *root)
{
    if (!pairs_begin(decoding, false))
        return false;
    decoding->fields.activation = labels_get_probability(&decoding->limits->labels);
    return decode_refuse_foreign(decoding, root) && refuse_function(decoding, root) &&
           pairs_read_inputs(decoding, root, "inputs") && pairs_read_raw(decoding, root) &&
           decode_truncate(decoding, root) && tei_decode_truncation_direction(decoding, root);
}

static size_t count_label_bytes(const struct labels *labels)
{
    enum { AROUND_LABEL = 48 };
    size_t n_bytes = 0;

    for (size_t i = 0; i < labels->n; i++)
        n_bytes +=
            AROUND_LABEL + buffer_json_string_length(labels->names[i], strlen(labels->names[i]));
    return n_bytes;
}

static struct finish_bytes count_bytes(const struct request *request, const struct embed_work *work)
{
    const struct labels *labels = &request->model->limits->labels;

    return (struct finish_bytes){
        .reply = 2 + work->fields.n_inputs * (3 + count_label_bytes(labels)),
        .work = labels->n * sizeof(struct ranked),
    };
}

enum route_outcome tei_predict_start(struct request *request)
{
    static const struct embed_route route = {
        .judges = true,
        .read = tei_predict_read,
        .count_bytes = count_bytes,
        .begin_reply = tei_count_characters,
    };

    return embed_work_start(request, &route);
}

static void write_prediction(struct buffer *buffer, const struct labels *labels,
                             const float *scores, struct ranked *items)
{
    for (size_t i = 0; i < labels->n; i++)
        items[i] = (struct ranked){scores[i], i};
    ranking_sort(items, labels->n);
    buffer_append_string(buffer, "[");
    for (size_t i = 0; i < labels->n; i++) {
        const char *name = labels->names[items[i].index];

        buffer_append_string(buffer, i > 0 ? ",{\"score\":" : "{\"score\":");
        ranking_write_score(buffer, items[i].score);
        buffer_append_string(buffer, ",\"label\":");
        buffer_append_json_string(buffer, name, strlen(name));
        buffer_append_string(buffer, "}");
    }
    buffer_append_string(buffer, "]");
}

static void write_predictions(struct buffer *buffer, const struct embed_work *work,
                              const struct labels *labels, struct ranked *items)
{
    for (size_t i = 0; i < work->fields.n_inputs; i++) {
        if (work->fields.is_batch)
            buffer_append_string(buffer, i > 0 ? "," : "[");
        write_prediction(buffer, labels, ranking_activate(work, i), items);
    }
    buffer_append_string(buffer, work->fields.is_batch ? "]" : "");
}

void tei_predict_finish(struct request *request)
{
    const struct labels *labels = &request->model->limits->labels;
    const struct embed_work *work = embed_work_finish(request);
    struct ranked *items;

    if (!work)
        return;
    items = calloc(labels->n, sizeof(*items));
    if (!items) {
        respond_status(request, STATUS_NO_MEMORY);
        return;
    }
    respond_json(request);
    write_predictions(&request->reply.body, work, labels, items);
    free(items);
}
