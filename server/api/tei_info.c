/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/tei_info.h"

#include "config/options.h"
#include "server/api/card_json.h"
#include "server/api/embed/choose.h"
#include "server/api/embed/limits.h"
#include "server/api/embed/vector_json.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

#include <string.h>

static void write_string(struct buffer *buffer, const char *string)
{
    buffer_append_json_string(buffer, string, strlen(string));
}

/* By TEI's names. Several modes in the order of concatenation: "cls+mean". */
static void write_pooling(struct buffer *buffer, const struct pooling *pooling, bool is_sparse)
{
    buffer_append_string(buffer, is_sparse ? "\"splade" : "\"");
    for (size_t i = 0; i < pooling->n_modes && !is_sparse; i++) {
        enum pooling_mode mode = pooling->order[i];

        buffer_appendf(buffer, "%s%s", i > 0 ? "+" : "",
                       mode == POOLING_LAST_TOKEN ? "last_token" : pooling_mode_name(mode));
    }
    buffer_append_string(buffer, "\"");
}

/* Both ways: {"id2label":{"0":"yes"},"label2id":{"yes":0}}. */
static void write_labels(struct buffer *buffer, const struct labels *labels)
{
    buffer_append_string(buffer, "{\"id2label\":{");
    for (size_t i = 0; i < labels->n; i++) {
        buffer_appendf(buffer, "%s\"%zu\":", i > 0 ? "," : "", i);
        write_string(buffer, labels->names[i]);
    }
    buffer_append_string(buffer, "},\"label2id\":{");
    for (size_t i = 0; i < labels->n; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        write_string(buffer, labels->names[i]);
        buffer_appendf(buffer, ":%zu", i);
    }
    buffer_append_string(buffer, "}}");
}

/* TEI calls a cross-encoder of one label a reranker, and of several a classifier. */
static void write_model_type(struct buffer *buffer, const struct engine_info *info)
{
    if (info->labels->n > 0) {
        buffer_append_string(buffer, info->labels->n == 1 ? "{\"reranker\":" : "{\"classifier\":");
        write_labels(buffer, info->labels);
    } else {
        buffer_append_string(buffer, "{\"embedding\":{\"pooling\":");
        write_pooling(buffer, &info->pooling, info->is_sparse);
        buffer_append_string(buffer, "}");
    }
    buffer_append_string(buffer, "}");
}

/* What TEI reports. Clients take its max_batch_tokens for the maximum of one request: Hugging
 * Face's chat-ui splits its texts by it. */
static void write_tei_info(struct buffer *buffer, const struct served_model *model,
                           const struct engine_info *info)
{
    const struct options *options = model->options;

    buffer_append_string(buffer, "{\"model_id\":");
    write_string(buffer, served_model_name(model));
    buffer_append_string(buffer, ",\"model_sha\":null,\"model_dtype\":");
    write_string(buffer, info->dtype);
    buffer_append_string(buffer, ",\"served_model_name\":");
    write_string(buffer, served_model_name(model));
    buffer_append_string(buffer, ",\"model_type\":");
    write_model_type(buffer, info);
    buffer_appendf(buffer,
                   ",\"max_concurrent_requests\":%lld,\"max_input_length\":%zu,"
                   "\"max_batch_tokens\":%zu,\"max_batch_requests\":null,"
                   "\"max_client_batch_size\":%lld,\"auto_truncate\":%s,"
                   "\"tokenization_workers\":%lld,\"version\":\"%s\",\"sha\":null,"
                   "\"docker_label\":null",
                   (long long)options->max_concurrent_requests, info->max_tokens,
                   model->limits->max_request_tokens, (long long)options->max_client_batch_size,
                   options->auto_truncate ? "true" : "false", (long long)options->request_threads,
                   NESTD_VERSION);
}

/* How accurate int8 is for this model. */
static void write_accuracy(struct buffer *buffer, const struct accuracy_report *report)
{
    buffer_append_string(buffer, ",\"int8\":");
    if (report->n_texts == 0) {
        buffer_append_string(buffer, "null");
        return;
    }
    buffer_appendf(buffer,
                   "{\"probe_texts\":%zu,\"mean_cosine\":%.6f,\"least_cosine\":%.6f,"
                   "\"within_limits\":%s,\"without_fallbacks\":{\"mean_cosine\":%.6f,"
                   "\"least_cosine\":%.6f},\"fallbacks\":[",
                   report->n_texts, report->mean_cosine, report->min_cosine,
                   report->is_within ? "true" : "false", report->int8_mean_cosine,
                   report->int8_min_cosine);
    for (size_t i = 0; i < report->n_fallbacks; i++)
        buffer_appendf(buffer, "%s{\"layer\":%zu,\"product\":\"%s\",\"dtype\":\"%s\"}",
                       i > 0 ? "," : "", report->fallbacks[i].layer, report->fallbacks[i].product,
                       report->fallback_dtype);
    buffer_append_string(buffer, "]}");
}

/* The sizes that config.json lists; else those that the card tells, which bind nobody. */
static void write_trained_dims(struct buffer *buffer, const struct engine_info *info)
{
    if (info->n_matryoshka_dims > 0)
        vector_json_indices(buffer, info->matryoshka_dims, info->n_matryoshka_dims);
    else
        vector_json_indices(buffer, info->card->dims, info->card->n_dims);
}

/* What we report beyond TEI. */
static void write_own_info(struct buffer *buffer, const struct limits *limits,
                           const struct engine_info *info)
{
    buffer_appendf(buffer, ",\"dimensions\":%zu,\"matryoshka_dims\":", limits->n_dims);
    vector_json_indices(buffer, limits->dims, limits->n_dims_listed);
    buffer_append_string(buffer, ",\"matryoshka_dims_trained\":");
    write_trained_dims(buffer, info);
    buffer_appendf(buffer, ",\"similarity\":\"%s\",\"prompts\":[",
                   similarity_name(limits->similarity));
    for (size_t i = 0; i < limits->n_prompts; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        write_string(buffer, limits->prompts[i].name);
    }
    buffer_appendf(buffer, "],\"workers\":%zu,\"kernels\":", info->n_workers);
    write_string(buffer, info->kernels_name);
    buffer_append_string(buffer, ",\"passes\":");
    write_string(buffer, info->ways);
    buffer_append_string(buffer, ",\"gemm\":");
    write_string(buffer, info->gemm_name);
    write_accuracy(buffer, info->accuracy);
    card_json_write(buffer, info->card);
    buffer_append_string(buffer, ",\"notes\":[");
    for (size_t i = 0; i < info->n_notes; i++) {
        buffer_append_string(buffer, i > 0 ? "," : "");
        write_string(buffer, info->notes[i]);
    }
    buffer_append_string(buffer, "]}");
}

/* Without a name, of the model whose vectors the routes that embed then give. */
enum route_outcome tei_info(struct request *request)
{
    const char *name = request->asked_model;
    const struct served_model *model = name[0]
                                           ? server_find_model(request->server, name, strlen(name))
                                           : choose_first(request->server, CHOOSE_EMBEDDER);
    const struct engine_info *info;

    if (!model) {
        respond_unknown_model(request, (struct slice){name, strlen(name)});
        return ROUTE_ANSWERED;
    }
    info = engine_get_info(atomic_load(&model->engine));
    respond_json(request);
    write_tei_info(&request->reply.body, model, info);
    write_own_info(&request->reply.body, model->limits, info);
    return ROUTE_ANSWERED;
}
