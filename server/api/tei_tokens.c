/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/tei_tokens.h"

#include "server/api/embed/choose.h"
#include "server/api/embed/decode.h"
#include "server/api/embed/embed_work.h"
#include "server/api/embed/inputs.h"
#include "server/api/embed/prompted.h"
#include "server/api/tei.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

#include <stdlib.h>

/* ---- /tokenize ---- */

bool tei_read_tokenize(struct decoding *decoding, const struct body_object *root)
{
    return decode_texts(decoding, body_get(root, "inputs"), "inputs", NULL, NULL) &&
           body_get_switch(root, "add_special_tokens", &decoding->fields.add_special,
                           decoding->error) &&
           decode_prompt(decoding, root);
}

/* As in TEI: the text of a token that the tokenizer added is that in the vocabulary, and it has no
 * place. The text of any other token is the bytes [start, stop) of the input, with its prompt. */
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

/* For the longest text: at most two tokens per byte, and no more than a request may have; with the
 * growth of the buffers. */
static size_t count_token_bytes(const struct request *request, const struct fields *fields)
{
    size_t max_tokens = request->model->limits->max_request_tokens;
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
 * truncated; --max-request-tokens is the limit for all texts together. Beyond it, STATUS_TOO_LONG,
 * the rest are only counted, for the error message. */
static enum status tokenize_all(struct request *request, const struct fields *fields,
                                struct tokens *tokens, struct buffer *scratch)
{
    struct buffer *reply = &request->reply.body;
    const struct tokenizer *tokenizer =
        engine_get_info(atomic_load(&request->model->engine))->tokenizer;
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

    if (!choose_model(request, CHOOSE_ANY))
        return ROUTE_ANSWERED;
    if (!decode_body(body, request->model->limits, &request->memory, tei_read_tokenize, &fields,
                     &error)) {
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

bool tei_read_decode(struct decoding *decoding, const struct body_object *root)
{
    return decode_ids(decoding, body_get(root, "ids"), "ids") &&
           body_get_switch(root, "skip_special_tokens", &decoding->fields.skip_special,
                           decoding->error);
}

/* The length of all IDs' texts, with a space or two around each. */
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

/* The IDs are in the vocabulary. */
static enum status decode_all(struct request *request, const struct fields *fields)
{
    struct buffer *reply = &request->reply.body;
    const struct tokenizer *tokenizer =
        engine_get_info(atomic_load(&request->model->engine))->tokenizer;

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

    if (!choose_model(request, CHOOSE_ANY))
        return ROUTE_ANSWERED;
    if (!decode_body(body, request->model->limits, &request->memory, tei_read_decode, &fields,
                     &error)) {
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
