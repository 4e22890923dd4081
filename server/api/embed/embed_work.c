/* SPDX-License-Identifier: Apache-2.0 */

/* decode -> check the model's name -> tokenize -> submit | the engine encodes | check -> the route
 * writes its reply.
 *
 * All tokens of a request are in one buffer and all vectors in one allocation; jobs point into
 * both. The body and the parsed JSON, the largest parts of a request, are freed before it waits for
 * its turn. Nothing here keeps a client's text. */
#include "server/api/embed/embed_work.h"

#include "server/api/embed/choose.h"
#include "server/api/embed/decode.h"
#include "server/api/embed/prompted.h"
#include "server/exchange/request.h"
#include "server/exchange/request_submit.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

#include <stdio.h>
#include <stdlib.h>

static void embed_work_free(void *user)
{
    struct embed_work *work = user;

    fields_release(&work->fields);
    tokens_release(&work->tokens);
    free(work->jobs);
    free(work->vectors);
    free(work->truncated);
    free(work->text_ends);
    buffer_release(&work->texts);
    free(work);
}

static bool respond_no_memory(struct request *request)
{
    respond_status(request, STATUS_NO_MEMORY);
    return false;
}

static bool respond_cross_encoder(struct request *request)
{
    respond_problem(request, PROBLEM_WRONG_MODEL, "model",
                    "This model is a cross-encoder, which scores pairs of texts, so it cannot "
                    "embed. POST /v1/rerank ranks documents for a query");
    return false;
}

static bool respond_sparse(struct request *request)
{
    respond_problem(request, PROBLEM_WRONG_MODEL, "model",
                    "This model gives sparse vectors (SPLADE), one number for each token of its "
                    "vocabulary. POST /embed_sparse returns those that are not zero");
    return false;
}

static bool check_model(struct request *request, struct slice name)
{
    if (!name.bytes || server_find_model(request->server, name.bytes, name.len_bytes))
        return true;
    respond_unknown_model(request, name);
    return false;
}

/* What tokenizing one input leaves to the next. */
struct workspace {
    struct buffer joined;    /* a prompt and a text */
    struct first_text first; /* of the pair before */
};

static void workspace_release(struct workspace *workspace)
{
    buffer_release(&workspace->joined);
    first_text_release(&workspace->first);
}

/* A query that many pairs have is tokenized once: it may be as long as a body, and they many. */
static enum status tokenize_pair(const struct tokenizer *tokenizer, struct embed_work *work,
                                 size_t i, const struct tokenize_options *options,
                                 struct first_text *first, struct tokenize_result *ret_result)
{
    const struct input *input = &work->fields.inputs[i];
    enum status status = STATUS_OK;

    if (i == 0 || input[-1].text.bytes != input->text.bytes)
        status = tokenizer_encode_first(tokenizer, input->text.bytes, input->text.len_bytes,
                                        options, first, ret_result);
    if (status)
        return status;
    return tokenizer_encode_second(tokenizer, first, input->second.bytes, input->second.len_bytes,
                                   options, &work->tokens, ret_result);
}

static enum status tokenize_input(const struct tokenizer *tokenizer, struct embed_work *work,
                                  size_t i, struct workspace *workspace,
                                  struct tokenize_result *ret_result)
{
    const struct input *input = &work->fields.inputs[i];
    const struct tokenize_options options = {
        .truncate = work->fields.truncate,
        .max_tokens = work->fields.max_tokens,
        .add_special = true,
        .want_types = work->fields.is_judged,
    };
    struct slice text;

    if (input->second.bytes)
        return tokenize_pair(tokenizer, work, i, &options, &workspace->first, ret_result);
    if (!input->text.bytes)
        return tokenizer_wrap(tokenizer, input->ids, input->n_ids, &options, &work->tokens,
                              ret_result);
    text = prompted_join(work->fields.prompt, input->text, &workspace->joined);
    if (!text.bytes)
        return STATUS_NO_MEMORY;
    return tokenizer_encode(tokenizer, text.bytes, text.len_bytes, &options, &work->tokens,
                            ret_result);
}

/* Clients recognise this error by its first words, which are OpenAI's: LiteLLM then falls back to
 * another model, and chunkers shorten their texts. */
static void respond_too_long(struct request *request, const struct embed_work *work, size_t i,
                             const struct tokenize_result *result)
{
    size_t max_tokens = work->fields.max_tokens;
    size_t index;
    const char *field = fields_locate(&work->fields, i, &index);

    if (max_tokens < request->model->limits->max_text_tokens)
        respond_problem(request, PROBLEM_TOO_LONG, field,
                        "This request's max_tokens is %zu tokens, however you requested %zu tokens "
                        "(%s[%zu], special tokens included); truncation is off",
                        max_tokens, result->n_tokens_whole, field, index);
    else
        respond_problem(request, PROBLEM_TOO_LONG, field,
                        "This model's maximum context length is %zu tokens, however you requested "
                        "%zu tokens (%s[%zu], special tokens included); truncation is off",
                        max_tokens, result->n_tokens_whole, field, index);
}

static void respond_too_many(struct request *request, const struct embed_work *work,
                             size_t n_tokens)
{
    const struct fields *fields = &work->fields;
    struct api_error error;

    api_error_set_too_many_tokens(&error, fields->row_field, n_tokens, fields->max_request_tokens);
    respond_api_error(request, &error);
}

/* Fills the token buffer, and the jobs except for their pointers, since the buffer may move. If the
 * request has too many tokens, the rest are counted for the error message, but not kept; pairs in a
 * template are not: the query would be read again for each of thousands. */
static bool tokenize(struct request *request, struct embed_work *work, struct workspace *workspace)
{
    const struct limits *limits = request->model->limits;
    const struct tokenizer *tokenizer =
        engine_get_info(atomic_load(&request->model->engine))->tokenizer;
    const struct fields *fields = &work->fields;
    struct tokenize_result result = {0};
    size_t n_prompt_tokens = 0;
    size_t n_tokens = 0;
    enum status status;

    status = limits->include_prompt
                 ? STATUS_OK
                 : prompted_count_tokens(tokenizer, fields->prompt, fields->max_tokens,
                                         &work->tokens, &n_prompt_tokens);
    for (size_t i = 0; i < fields->n_inputs && !status; i++) {
        struct job *job = &work->jobs[i];

        if (n_tokens > fields->max_request_tokens) {
            if (fields->inputs[i].second.bytes && tokenizer_joins_pairs(tokenizer))
                break;
            work->tokens.n_tokens = 0;
        }
        status = tokenize_input(tokenizer, work, i, workspace, &result);
        if (status == STATUS_TOO_LONG) {
            respond_too_long(request, work, i, &result);
            return false;
        }
        if (status)
            break;
        n_tokens += result.n_tokens;
        job->n_tokens = result.n_tokens;
        if (fields->is_judged)
            job->n_first =
                tokens_count_first(&work->tokens, work->tokens.n_tokens - result.n_tokens);
        if (fields->inputs[i].text.bytes)
            job->n_skipped = prompted_count_skipped(n_prompt_tokens, &result);
        if (result.truncated)
            work->truncated[work->n_truncated++] = i;
    }
    if (status) {
        respond_status(request, status);
        return false;
    }
    if (n_tokens > fields->max_request_tokens) {
        respond_too_many(request, work, n_tokens);
        return false;
    }
    return true;
}

/* The maximum in the token buffer at any time. A text's share is bounded by its bytes, each of
 * which may become two tokens, and by the length it is truncated to; twice that many are kept while
 * its end is being found. */
static size_t count_max_tokens(const struct fields *fields, size_t pair_extra)
{
    size_t n_tokens = 0;

    for (size_t i = 0; i < fields->n_inputs && n_tokens < fields->max_request_tokens; i++) {
        size_t n = fields->inputs[i].n_ids + 2 * fields->inputs[i].text.len_bytes +
                   2 * fields->inputs[i].second.len_bytes + 2 * fields->prompt.len_bytes +
                   2 * pair_extra + MAX_SPECIAL_TOKENS;

        n_tokens += n < fields->max_tokens ? n : fields->max_tokens;
    }
    return n_tokens + 2 * fields->max_tokens + MAX_SPECIAL_TOKENS;
}

/* For tokens, including the growth of their buffer, and for the data of each input. */
static bool take_for_tokens(struct request *request, const struct embed_work *work)
{
    const struct engine_info *info = engine_get_info(atomic_load(&request->model->engine));
    size_t n_inputs = work->fields.n_inputs;

    size_t token_bytes = sizeof(int32_t) + (work->fields.is_judged ? sizeof(uint8_t) : 0);
    size_t n_bytes =
        count_max_tokens(&work->fields, tokenizer_pair_extra(info->tokenizer)) * token_bytes * 3 /
            2 +
        n_inputs * (sizeof(*work->jobs) + sizeof(*work->truncated) + sizeof(*work->text_ends));

    return memory_take(&request->memory, n_bytes);
}

static bool allocate_jobs(struct embed_work *work)
{
    size_t n = work->fields.n_inputs;

    /* calloc checks the products. */
    work->jobs = calloc(n, sizeof(*work->jobs));
    work->truncated = calloc(n, sizeof(*work->truncated));
    return work->jobs && work->truncated;
}

static bool allocate_vectors(struct request *request, struct embed_work *work)
{
    const struct fields *fields = &work->fields;
    size_t n = fields->pooled ? fields->n_inputs : work->tokens.n_tokens;
    size_t vector_bytes = fields->n_dims * sizeof(*work->vectors);

    /* The product fits: both are bounded. */
    if (!memory_take(&request->memory, n * vector_bytes))
        return false;
    work->vectors = calloc(n, vector_bytes);
    return work->vectors;
}

static void fill_group(struct request *request, struct embed_work *work)
{
    const int32_t *ids = work->tokens.ids;
    size_t n_dims = work->fields.n_dims;
    float *vector = work->vectors;

    for (size_t i = 0; i < work->fields.n_inputs; i++) {
        struct job *job = &work->jobs[i];

        job->ids = ids;
        ids += job->n_tokens;
        if (!work->fields.pooled) {
            job->token_vectors = vector;
            vector += job->n_tokens * n_dims;
            continue;
        }
        job->vector = vector;
        job->n_dims = n_dims;
        job->normalize = work->fields.normalize;
        vector += n_dims;
    }
    request->group.jobs = work->jobs;
    request->group.n_jobs = work->fields.n_inputs;
    request->n_texts = work->fields.n_inputs;
    request->n_tokens = work->tokens.n_tokens;
    request->n_truncated = work->n_truncated;
}

/* What a model must do for the route. */
static enum choose_kind find_kind(const struct embed_route *route)
{
    if (route->judges)
        return route->ranks ? CHOOSE_RANKER : CHOOSE_CROSS_ENCODER;
    return route->is_sparse ? CHOOSE_SPARSE : CHOOSE_EMBEDDER;
}

/* Everything up to submitting the group. False: the request was answered. */
static bool prepare(struct request *request, const struct embed_route *route)
{
    struct embed_work *work = calloc(1, sizeof(*work));
    struct slice body = {request->body.bytes, request->body.len_bytes};
    struct workspace workspace = {.joined = {.memory = &request->memory}};
    struct finish_bytes finish;
    struct api_error error;
    bool tokenized;

    if (!work)
        return respond_no_memory(request);
    request->work = work;
    request->free_work = embed_work_free;
    if (!route->model_in_path && !choose_model(request, find_kind(route)))
        return false;
    if (!route->judges && request->model->limits->labels.n > 0)
        return respond_cross_encoder(request);
    if (!route->judges && !route->is_sparse && request->model->limits->is_sparse)
        return respond_sparse(request);
    if (!decode_body(body, request->model->limits, &request->memory, route->read, &work->fields,
                     &error)) {
        respond_api_error(request, &error);
        return false;
    }
    if (!check_model(request, work->fields.model))
        return false;
    if (!take_for_tokens(request, work) || !allocate_jobs(work))
        return respond_no_memory(request);
    tokenized = tokenize(request, work, &workspace);
    workspace_release(&workspace);
    if (!tokenized)
        return false;
    finish = route->count_bytes(request, work);
    if (!buffer_set_capacity(&request->reply.body, finish.reply))
        return respond_no_memory(request);
    if (route->begin_reply)
        route->begin_reply(request, &work->fields);
    fields_release(&work->fields);
    buffer_release(&request->body);
    /* The memory reserved for decoding is no longer needed. */
    if (!allocate_vectors(request, work) || !memory_set_reserve(&request->memory, finish.work))
        return respond_no_memory(request);
    fill_group(request, work);
    return true;
}

enum route_outcome embed_work_start(struct request *request, const struct embed_route *route)
{
    int64_t began_us = clock_now_us();
    enum status status;

    if (!prepare(request, route))
        return ROUTE_ANSWERED;
    request->tokenize_us = clock_now_us() - began_us;
    status = request_submit(request);
    if (!status)
        return ROUTE_SUBMITTED;
    respond_status(request, status);
    return ROUTE_ANSWERED;
}

/* "1,3,4", or "0,1,...,15,... (2048)" if there are many, since a header must stay short. Allocates
 * nothing: a reply without it would hide that a text was truncated (promise 11). */
static void add_truncated_header(struct request *request, const struct embed_work *work)
{
    enum { MAX_SHOWN = 16, MAX_DIGITS = 20 };
    char value[(MAX_SHOWN + 1) * (MAX_DIGITS + 8)];
    size_t n = work->n_truncated;
    size_t len_bytes = 0;

    for (size_t i = 0; i < n && i < MAX_SHOWN; i++)
        len_bytes += (size_t)snprintf(value + len_bytes, sizeof(value) - len_bytes, "%s%zu",
                                      i > 0 ? "," : "", work->truncated[i]);
    if (n > MAX_SHOWN)
        snprintf(value + len_bytes, sizeof(value) - len_bytes, ",... (%zu)", n);
    reply_add_header(&request->reply, "x-truncated-inputs", "%s", value);
}

struct embed_work *embed_work_finish(struct request *request)
{
    struct embed_work *work = request->work;

    for (size_t i = 0; i < work->fields.n_inputs; i++) {
        enum status status = work->jobs[i].status;

        if (status == STATUS_NOT_FINITE) {
            size_t index;
            const char *field = fields_locate(&work->fields, i, &index);

            respond_problem(request, PROBLEM_VECTOR_NOT_FINITE, field,
                            "The %s of %s[%zu] holds a number that is not finite",
                            work->fields.is_judged ? "score" : "vector", field, index);
            return NULL;
        }
        if (status) {
            respond_status(request, status);
            return NULL;
        }
    }
    if (work->n_truncated)
        add_truncated_header(request, work);
    return work;
}

const float *embed_work_get_vector(const struct embed_work *work, size_t i_input)
{
    return work->vectors + i_input * work->fields.n_dims;
}

/* Without memory the buffer has failed, which embed_work_write_text hands on. */
void embed_work_keep_texts(struct request *request, const struct fields *fields)
{
    struct embed_work *work = request->work;

    if (!fields->return_texts)
        return;
    work->texts.memory = &request->memory;
    work->text_ends = calloc(fields->n_inputs, sizeof(*work->text_ends));
    work->texts.failed = !work->text_ends;
    for (size_t i = 0; i < fields->n_inputs && work->text_ends; i++) {
        const struct input *input = &fields->inputs[i];
        struct slice text = input->second.bytes ? input->second : input->text;

        buffer_append_json_string(&work->texts, text.bytes, text.len_bytes);
        work->text_ends[i] = work->texts.len_bytes;
    }
}

void embed_work_write_text(const struct embed_work *work, size_t i_input, struct buffer *buffer)
{
    size_t begin = i_input > 0 && work->text_ends ? work->text_ends[i_input - 1] : 0;

    if (buffer_failed(&work->texts)) {
        buffer->failed = true;
        return;
    }
    buffer_append(buffer, work->texts.bytes + begin, work->text_ends[i_input] - begin);
}

float embed_work_find_scale(const struct embed_work *work, size_t i_input)
{
    if (work->fields.normalize)
        return 1;
    return pack_find_scale(embed_work_get_vector(work, i_input), work->fields.n_dims);
}

void embed_work_write_usage(const struct embed_work *work, struct buffer *buffer)
{
    size_t n_tokens = work->tokens.n_tokens;

    buffer_appendf(buffer, "{\"prompt_tokens\":%zu,\"total_tokens\":%zu}", n_tokens, n_tokens);
}
