/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/tei.h"

#include "config/options.h"
#include "server/api/card_json.h"
#include "server/api/embed/embed_work.h"
#include "server/api/embed/prompted.h"
#include "server/api/embed/vector_json.h"
#include "server/api/health.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- the family ---- */

static unsigned get_status(const struct problem_row *row)
{
    return row->tei_status;
}

static void write_error(struct buffer *buffer, const struct request *request,
                        const struct api_error *error)
{
    (void)request;
    buffer_append_string(buffer, "{\"error\":");
    buffer_append_json_or_null(buffer, error->message);
    buffer_append_string(buffer, ",\"error_type\":");
    buffer_append_json_or_null(buffer, problem_get_row(error->problem)->tei_type);
    buffer_append_string(buffer, "}");
}

static void add_count(struct request *request, const char *name, int64_t count)
{
    reply_add_header(&request->reply, name, "%" PRId64, count);
}

/* As TEI writes them, in whole milliseconds: on replies that hold a result. */
static void add_headers(struct request *request)
{
    int64_t total_ms = (clock_now_us() - request->began_us) / 1000;

    if (request->reply.http_status != 200 || request->n_texts == 0)
        return;
    reply_add_header(&request->reply, "x-compute-type", "cpu+optimized");
    add_count(request, "x-compute-time", total_ms);
    add_count(request, "x-compute-characters", (int64_t)request->n_characters);
    add_count(request, "x-compute-tokens", (int64_t)request->n_tokens);
    add_count(request, "x-total-time", total_ms);
    add_count(request, "x-tokenization-time", request->tokenize_us / 1000);
    add_count(request, "x-queue-time", request->group.queue_us / 1000);
    add_count(request, "x-inference-time", request->group.encode_us / 1000);
}

const struct route_family tei_family = {
    .get_status = get_status,
    .write_error = write_error,
    .add_headers = add_headers,
};

/* UTF-8: every byte but a continuation byte begins a character. */
static size_t count_characters(struct slice text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len_bytes; i++)
        n += ((unsigned char)text.bytes[i] & 0xc0) != 0x80;
    return n;
}

/* A token id counts as a character, as TEI counts it. */
void tei_count_characters(struct request *request, const struct fields *fields)
{
    for (size_t i = 0; i < fields->n_inputs; i++)
        request->n_characters += count_characters(fields->inputs[i].text) + fields->inputs[i].n_ids;
}

/* ---- /embed, /embed_all ---- */

/* For both routes: a vector for each input, or for each token. */
static struct finish_bytes count_bytes(const struct request *request, const struct embed_work *work)
{
    const struct fields *fields = &work->fields;
    size_t n_vectors = fields->pooled ? fields->n_inputs : work->tokens.n_tokens;

    (void)request;
    return (struct finish_bytes){
        .reply = 2 + 3 * fields->n_inputs +
                 n_vectors * (1 + vector_json_floats_max_bytes(fields->n_dims)),
    };
}

enum route_outcome tei_embed_start(struct request *request)
{
    static const struct embed_route route = {
        .decode = decode_tei_embed,
        .count_bytes = count_bytes,
        .begin_reply = tei_count_characters,
    };

    return embed_work_start(request, &route);
}

void tei_embed_finish(struct request *request)
{
    const struct embed_work *work = embed_work_finish(request);
    struct buffer *reply = &request->reply.body;

    if (!work)
        return;
    respond_json(request);
    for (size_t i = 0; i < work->fields.n_inputs; i++) {
        buffer_append_string(reply, i > 0 ? "," : "[");
        vector_json_floats(reply, embed_work_get_vector(work, i), work->fields.n_dims);
    }
    buffer_append_string(reply, "]");
}

enum route_outcome tei_embed_all_start(struct request *request)
{
    static const struct embed_route route = {
        .decode = decode_tei_embed_all,
        .count_bytes = count_bytes,
        .begin_reply = tei_count_characters,
    };

    return embed_work_start(request, &route);
}

void tei_embed_all_finish(struct request *request)
{
    const struct embed_work *work = embed_work_finish(request);
    struct buffer *reply = &request->reply.body;

    if (!work)
        return;
    respond_json(request);
    for (size_t i = 0; i < request->group.n_jobs; i++) {
        const struct job *job = &request->group.jobs[i];
        size_t n_dims = work->fields.n_dims;

        buffer_append_string(reply, i > 0 ? ",[" : "[[");
        for (size_t j = 0; j < job->n_tokens; j++) {
            buffer_append_string(reply, j > 0 ? "," : "");
            vector_json_floats(reply, job->token_vectors + j * n_dims, n_dims);
        }
        buffer_append_string(reply, "]");
    }
    buffer_append_string(reply, "]");
}

/* ---- /tokenize ---- */

/* As TEI: the text of a token that the tokenizer added is the vocabulary's and has no place; that
 * of any other is the bytes [start, stop) of what was tokenised, the prompt included. */
static void write_token(struct buffer *reply, const struct tokenizer *tokenizer, int32_t id,
                        const struct token_span *span, struct slice text)
{
    buffer_appendf(reply, "{\"id\":%d,\"text\":", (int)id);
    if (span->start == SIZE_MAX) {
        size_t len_bytes = 0;
        const char *word = tokenizer_token_text(tokenizer, id, &len_bytes);

        buffer_append_json_string(reply, word, len_bytes);
        buffer_append_string(reply, ",\"special\":true,\"start\":null,\"stop\":null}");
        return;
    }
    buffer_append_json_string(reply, text.bytes + span->start, span->stop - span->start);
    buffer_appendf(reply, ",\"special\":false,\"start\":%zu,\"stop\":%zu}", span->start,
                   span->stop);
}

static void write_tokens(struct buffer *reply, const struct tokenizer *tokenizer,
                         const struct tokens *tokens, struct slice text)
{
    buffer_append_string(reply, "[");
    for (size_t i = 0; i < tokens->n_tokens; i++) {
        if (i > 0)
            buffer_append_string(reply, ",");
        write_token(reply, tokenizer, tokens->ids[i], &tokens->spans[i], text);
    }
    buffer_append_string(reply, "]");
}

/* A text has at most two tokens a byte, and no more than a request may have; of the longest. What
 * the buffers grow by is more. */
static size_t count_token_bytes(const struct request *request, const struct fields *fields)
{
    size_t max_tokens = request->server->limits->max_request_tokens;
    size_t longest = 0;

    for (size_t i = 0; i < fields->n_inputs; i++) {
        size_t len_bytes = fields->prompt.len_bytes + fields->inputs[i].text.len_bytes;

        longest = len_bytes > longest ? len_bytes : longest;
    }
    if (2 * longest + MAX_SPECIAL_TOKENS < max_tokens)
        max_tokens = 2 * longest + MAX_SPECIAL_TOKENS;
    return max_tokens * (sizeof(int32_t) + sizeof(struct token_span)) * 3 / 2;
}

/* Tokenises and writes one text after another, so that only one text's tokens are held. Nothing is
 * truncated: what bounds the whole is --max-request-tokens. Of a request with too many, which is
 * STATUS_TOO_LONG, the rest are counted, so that its sender learns by how much. */
static enum status tokenize_all(struct request *request, const struct fields *fields,
                                struct tokens *tokens, struct buffer *scratch)
{
    struct buffer *reply = &request->reply.body;
    const struct tokenizer *tokenizer =
        engine_get_info(atomic_load(&request->server->engine))->tokenizer;
    struct tokenize_options options = {
        .truncate = TRUNCATE_NONE,
        .max_tokens = fields->max_request_tokens,
        .add_special = fields->add_special,
        .want_spans = true,
    };

    for (size_t i = 0; i < fields->n_inputs; i++) {
        struct slice text = prompted_join(fields->prompt, fields->inputs[i].text, scratch);
        struct tokenize_result result;
        enum status status;

        if (!text.bytes)
            return STATUS_NO_MEMORY;
        tokens->n_tokens = 0;
        status = tokenizer_encode(tokenizer, text.bytes, text.len_bytes, &options, tokens, &result);
        if (status && status != STATUS_TOO_LONG)
            return status;
        request->n_tokens += result.n_tokens_whole;
        if (request->n_tokens > fields->max_request_tokens)
            continue;
        buffer_append_string(reply, i > 0 ? "," : "[");
        write_tokens(reply, tokenizer, tokens, text);
        if (buffer_failed(reply))
            return STATUS_NO_MEMORY;
    }
    buffer_append_string(reply, "]");
    return request->n_tokens > fields->max_request_tokens ? STATUS_TOO_LONG : STATUS_OK;
}

enum route_outcome tei_tokenize(struct request *request)
{
    int64_t began_us = clock_now_us();
    struct slice body = {request->body.bytes, request->body.len_bytes};
    struct fields fields = {0};
    struct tokens tokens = {0};
    struct buffer scratch = {.memory = &request->memory};
    struct api_error error;
    enum status status = STATUS_NO_MEMORY;

    if (!decode_tokenize(body, request->server->limits, &request->memory, &fields, &error)) {
        respond_api_error(request, &error);
        return ROUTE_ANSWERED;
    }
    request->n_texts = fields.n_inputs;
    tei_count_characters(request, &fields);
    if (memory_take(&request->memory, count_token_bytes(request, &fields)))
        status = tokenize_all(request, &fields, &tokens, &scratch);
    if (status == STATUS_TOO_LONG) {
        api_error_set_too_many_tokens(&error, fields.row_field, request->n_tokens,
                                      fields.max_request_tokens);
        respond_api_error(request, &error);
    } else if (status) {
        respond_status(request, status);
    } else {
        respond_json(request);
    }
    buffer_release(&scratch);
    tokens_release(&tokens);
    fields_release(&fields);
    request->tokenize_us = clock_now_us() - began_us;
    return ROUTE_ANSWERED;
}

/* ---- /decode ---- */

/* What the ids' texts have together, and a space or two round each. */
static size_t count_text_bytes(const struct tokenizer *tokenizer, const struct input *input)
{
    size_t n_bytes = 0;

    for (size_t i = 0; i < input->n_ids; i++) {
        size_t len_bytes = 0;

        (void)tokenizer_token_text(tokenizer, input->ids[i], &len_bytes);
        n_bytes += len_bytes + 2;
    }
    return n_bytes;
}

/* The ids are inside the vocabulary. */
static enum status decode_all(struct request *request, const struct fields *fields)
{
    struct buffer *reply = &request->reply.body;
    const struct tokenizer *tokenizer =
        engine_get_info(atomic_load(&request->server->engine))->tokenizer;

    for (size_t i = 0; i < fields->n_inputs; i++) {
        const struct input *input = &fields->inputs[i];
        size_t text_bytes = count_text_bytes(tokenizer, input);
        size_t len_bytes = 0;
        char *text = NULL;
        enum status status;

        if (!memory_take(&request->memory, text_bytes))
            return STATUS_NO_MEMORY;
        status = tokenizer_decode(tokenizer, input->ids, input->n_ids, fields->skip_special, &text,
                                  &len_bytes);
        if (status)
            return status;
        request->n_tokens += input->n_ids;
        buffer_append_string(reply, i > 0 ? "," : "[");
        buffer_append_json_string(reply, text, len_bytes);
        free(text);
        memory_give(&request->memory, text_bytes);
        if (buffer_failed(reply))
            return STATUS_NO_MEMORY;
    }
    buffer_append_string(reply, "]");
    return STATUS_OK;
}

enum route_outcome tei_decode(struct request *request)
{
    int64_t began_us = clock_now_us();
    struct slice body = {request->body.bytes, request->body.len_bytes};
    struct fields fields = {0};
    struct api_error error;
    enum status status;

    if (!decode_token_ids(body, request->server->limits, &request->memory, &fields, &error)) {
        respond_api_error(request, &error);
        return ROUTE_ANSWERED;
    }
    request->n_texts = fields.n_inputs;
    tei_count_characters(request, &fields);
    status = decode_all(request, &fields);
    if (status)
        respond_status(request, status);
    else
        respond_json(request);
    fields_release(&fields);
    request->tokenize_us = clock_now_us() - began_us;
    return ROUTE_ANSWERED;
}

/* ---- /info, /health ---- */

static void write_string(struct buffer *buffer, const char *string)
{
    buffer_append_json_string(buffer, string, strlen(string));
}

/* In TEI's words, two of which are one to sentence-transformers. Several modes at once as they are
 * concatenated: "cls+mean". */
static void write_pooling(struct buffer *buffer, const struct pooling *pooling)
{
    buffer_append_string(buffer, "\"");
    for (size_t i = 0; i < pooling->n_modes; i++) {
        enum pooling_mode mode = pooling->order[i];

        buffer_appendf(buffer, "%s%s", i > 0 ? "+" : "",
                       mode == POOLING_LAST_TOKEN ? "last_token" : pooling_mode_name(mode));
    }
    buffer_append_string(buffer, "\"");
}

/* What TEI tells. Its max_batch_tokens is what clients take for the most that one request may hold:
 * chat-ui of Hugging Face splits its texts by it. */
static void write_tei_info(struct buffer *buffer, const struct server *server,
                           const struct engine_info *info)
{
    const struct options *options = server->options;

    buffer_append_string(buffer, "{\"model_id\":");
    write_string(buffer, server_model_name(server));
    buffer_append_string(buffer, ",\"model_sha\":null,\"model_dtype\":");
    write_string(buffer, info->dtype);
    buffer_append_string(buffer, ",\"served_model_name\":");
    write_string(buffer, server_model_name(server));
    buffer_append_string(buffer, ",\"model_type\":{\"embedding\":{\"pooling\":");
    write_pooling(buffer, &info->pooling);
    buffer_appendf(buffer,
                   "}},\"max_concurrent_requests\":%lld,\"max_input_length\":%zu,"
                   "\"max_batch_tokens\":%zu,\"max_batch_requests\":null,"
                   "\"max_client_batch_size\":%lld,\"auto_truncate\":%s,"
                   "\"tokenization_workers\":%lld,\"version\":\"%s\",\"sha\":null,"
                   "\"docker_label\":null",
                   (long long)options->max_concurrent_requests, info->max_tokens,
                   server->limits->max_request_tokens, (long long)options->max_client_batch_size,
                   options->auto_truncate ? "true" : "false", (long long)options->request_threads,
                   NESTD_VERSION);
}

/* What int8 costs the model. */
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

/* What we tell beside it. */
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

enum route_outcome tei_info(struct request *request)
{
    const struct server *server = request->server;
    const struct engine_info *info = engine_get_info(atomic_load(&server->engine));

    respond_json(request);
    write_tei_info(&request->reply.body, server, info);
    write_own_info(&request->reply.body, server->limits, info);
    return ROUTE_ANSWERED;
}

enum route_outcome tei_health(struct request *request)
{
    if (health_check_serving(request))
        respond_text(request, "text/plain; charset=utf-8", "");
    return ROUTE_ANSWERED;
}
