/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/tei.h"

#include "server/api/embed/decode.h"
#include "server/api/embed/embed_work.h"
#include "server/api/embed/inputs.h"
#include "server/api/embed/vector_json.h"
#include "server/api/health.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

#include <inttypes.h>

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

/* UTF-8: every byte that is not a continuation byte begins a character. */
static size_t count_characters(struct slice text)
{
    size_t n = 0;

    for (size_t i = 0; i < text.len_bytes; i++)
        n += ((unsigned char)text.bytes[i] & 0xc0) != 0x80;
    return n;
}

/* A token id counts as a character, and a query with each of its documents, as TEI counts them. The
 * query may be long and they many, so it is read once. */
void tei_count_characters(struct request *request, const struct fields *fields)
{
    size_t n_first = 0;

    for (size_t i = 0; i < fields->n_inputs; i++) {
        const struct input *input = &fields->inputs[i];

        if (i == 0 || !input->text.bytes || input->text.bytes != input[-1].text.bytes)
            n_first = count_characters(input->text);
        request->n_characters += n_first + count_characters(input->second) + input->n_ids;
    }
}

/* ---- /embed, /embed_all ---- */

/* TEI's second field beside "truncate": which end is cut, if any. */
bool tei_decode_truncation_direction(struct decoding *decoding, const struct body_object *object)
{
    struct slice word = {0};
    enum truncate_side side;

    if (!body_get_text(object, "truncation_direction", &word, decoding->error))
        return false;
    if (!word.bytes)
        return true;
    if (slice_is(word, "Left") || slice_is(word, "left"))
        side = TRUNCATE_START;
    else if (slice_is(word, "Right") || slice_is(word, "right"))
        side = TRUNCATE_END;
    else
        return decode_refuse_value(decoding, object, "truncation_direction", word,
                                   "\"Right\", \"Left\"");
    if (decoding->fields.truncate != TRUNCATE_NONE)
        decoding->fields.truncate = side;
    return true;
}

bool tei_read_inputs(struct decoding *decoding, const struct body_object *root)
{
    return decode_refuse_foreign(decoding, root) &&
           decode_input(decoding, body_get(root, "inputs"), "inputs", true) &&
           decode_truncate(decoding, root) && tei_decode_truncation_direction(decoding, root) &&
           decode_prompt(decoding, root);
}

/* TEI normalises by default, whatever the model's modules say. */
bool tei_read_embed(struct decoding *decoding, const struct body_object *root)
{
    decoding->fields.normalize = true;
    return tei_read_inputs(decoding, root) && decode_dimensions(decoding, root) &&
           body_get_switch(root, "normalize", &decoding->fields.normalize, decoding->error);
}

bool tei_read_embed_all(struct decoding *decoding, const struct body_object *root)
{
    decoding->fields.pooled = false;
    decoding->fields.n_dims = decoding->limits->hidden_size;
    decoding->fields.max_request_tokens = decoding->limits->max_unpooled_tokens;
    return tei_read_inputs(decoding, root);
}

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
        .read = tei_read_embed,
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
        .read = tei_read_embed_all,
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

/* ---- /health ---- */

enum route_outcome tei_health(struct request *request)
{
    if (health_check_serving(request))
        respond_text(request, "text/plain; charset=utf-8", "");
    return ROUTE_ANSWERED;
}
