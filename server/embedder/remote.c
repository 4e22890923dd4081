/* SPDX-License-Identifier: Apache-2.0 */

/* One request a batch. A request that is refused for what is in it (400, 413, 422) is sent again in
 * halves, until it is known which text the server does not take; so a limit of the server on texts
 * or bytes costs requests, not the run. */
#include "server/embedder/remote.h"

#include "config/options.h"
#include "server/api/embed/pack.h"
#include "server/api/embed/prompted.h"
#include "server/embedder/base_url.h"
#include "server/embedder/post.h"
#include "server/embedder/reply.h"
#include "server/text/log.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLY_BYTES_PER_TEXT = 4 << 20, MAX_REPLY_BYTES = 1 << 30 };

static const char PROBE[] = "nestd";

struct remote {
    const struct options *options;
    char *url;         /* of the embeddings */
    char *models_url;  /* of the list of models */
    char *model_name;  /* NULL: none is sent */
    size_t asked_dims; /* 0: none are asked for */
    size_t n_dims;
    bool wants_base64;
    struct post_setup setup;
    size_t n_posts;
    struct post *posts[]; /* a lane each */
};

/* Some texts of a batch. */
struct part {
    struct embed_text *texts; /* [n_texts] */
    size_t n_texts;
    float *vectors;
};

/* ---- opening ---- */

static char *name_url(const struct base_url *base, const char *route)
{
    char *url;

    if (asprintf(&url, "%.*s%.*s%s", (int)base->root.len_bytes, base->root.bytes,
                 (int)base->version.len_bytes, base->version.bytes, route) < 0)
        return NULL;
    return url;
}

static enum status set_urls(struct remote *remote, const char *url, struct error *error)
{
    struct base_url base;
    enum status status = base_url_read(url, &base, error);

    if (status)
        return status;
    remote->url = name_url(&base, "/embeddings");
    remote->models_url = name_url(&base, "/models");
    return remote->url && remote->models_url ? STATUS_OK : STATUS_NO_MEMORY;
}

/* Where the server lists no models, it has one and needs no name. */
static enum status find_model(struct remote *remote, struct error *error)
{
    struct error why = {0};
    struct buffer reply = {0};
    long http_status = 0;
    enum status status;

    if (remote->options->served_model_name) {
        remote->model_name = strdup(remote->options->served_model_name);
        return remote->model_name ? STATUS_OK : STATUS_NO_MEMORY;
    }
    status = post_exchange(remote->posts[0], remote->models_url, NULL, &reply, &http_status, error);
    if (!status && http_status == 200)
        status = reply_read_model((struct slice){reply.bytes, reply.len_bytes}, &remote->model_name,
                                  &why);
    else if (!status && (http_status == 401 || http_status == 403))
        status = error_set(&why, STATUS_IO, "%ld: %s (the key is given by --api-key)", http_status,
                           post_read_message(&reply).text);
    buffer_release(&reply);
    return why.text[0] ? error_set(error, status, "%s: %s", remote->models_url, why.text) : status;
}

static enum status ask(struct remote *remote, size_t i_lane, struct embed_prompt prompt,
                       const struct part *part, struct reply_vectors *vectors, struct error *error);

/* The first vector tells the size, whether the server takes base64, and whether the key and the
 * prompt are right. */
static enum status probe(struct remote *remote, struct embedder_info *ret_info, struct error *error)
{
    struct embed_text text = {.text = {PROBE, sizeof(PROBE) - 1}};
    const struct part part = {.texts = &text, .n_texts = 1};
    const struct embed_prompt prompt = remote_find_prompt(remote, NULL);
    bool truncated = false;
    struct reply_vectors vectors = {.truncated = &truncated, .n_texts = 1};
    struct error first = {0};
    enum status status = ask(remote, 0, prompt, &part, &vectors, &first);

    if (status == STATUS_INVALID) {
        remote->wants_base64 = false;
        status = ask(remote, 0, prompt, &part, &vectors, NULL);
    }
    if (status)
        return error_set(error, status, "%s", first.text);
    if (remote->asked_dims > 0 && vectors.n_dims != remote->asked_dims)
        return error_set(error, STATUS_INVALID,
                         "%s: --dimensions=%zu was asked for, but vectors have %zu numbers",
                         remote->url, remote->asked_dims, vectors.n_dims);
    remote->n_dims = vectors.n_dims;
    vectors.vectors = calloc(vectors.n_dims, sizeof(float));
    if (!vectors.vectors)
        return STATUS_NO_MEMORY;
    status = ask(remote, 0, prompt, &part, &vectors, error);
    ret_info->normalize = fabsf(pack_find_scale(vectors.vectors, vectors.n_dims) - 1) < 1e-4f;
    free(vectors.vectors);
    return status;
}

static enum status open_server(struct remote *remote, struct embedder_info *ret_info,
                               struct error *error)
{
    enum status status = set_urls(remote, remote->options->url, error);

    for (size_t i = 0; i < remote->n_posts && !status; i++) {
        remote->posts[i] = post_new(&remote->setup);
        if (!remote->posts[i])
            status = STATUS_NO_MEMORY;
    }
    if (!status)
        status = find_model(remote, error);
    if (!status)
        status = probe(remote, ret_info, error);
    return status;
}

enum status remote_open(struct remote **ret_remote, const struct options *options, long n_dims,
                        struct embedder_info *ret_info, struct error *error)
{
    const size_t n_posts = (size_t)options->url_requests;
    const size_t batch_texts = (size_t)options->url_batch;
    struct remote *remote = calloc(1, sizeof(*remote) + n_posts * sizeof(struct post *));
    enum status status;

    if (!remote)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory to start");
    remote->options = options;
    remote->n_posts = n_posts;
    remote->asked_dims = n_dims > 0 ? (size_t)n_dims : 0;
    remote->wants_base64 = true;
    remote->setup.max_retries = (size_t)options->url_retries;
    remote->setup.timeout_s = options->url_timeout;
    remote->setup.max_reply_bytes = batch_texts < MAX_REPLY_BYTES / REPLY_BYTES_PER_TEXT
                                        ? batch_texts * REPLY_BYTES_PER_TEXT
                                        : MAX_REPLY_BYTES;
    status = post_setup_init(&remote->setup, options->api_key, error);
    if (status) {
        free(remote);
        return status;
    }
    status = open_server(remote, ret_info, error);
    if (status) {
        remote_close(remote);
        return error_set(error, status, "not enough memory to start");
    }
    ret_info->model_name = remote->model_name ? remote->model_name : "";
    ret_info->dtype = "";
    ret_info->n_dims = remote->n_dims;
    ret_info->similarity = SIMILARITY_COSINE;
    ret_info->batch_texts = batch_texts;
    ret_info->n_batches = 2 * n_posts;
    *ret_remote = remote;
    return STATUS_OK;
}

void remote_close(struct remote *remote)
{
    if (!remote)
        return;
    for (size_t i = 0; i < remote->n_posts; i++)
        post_free(remote->posts[i]);
    post_setup_release(&remote->setup);
    free(remote->url);
    free(remote->models_url);
    free(remote->model_name);
    free(remote);
}

void remote_stop(struct remote *remote)
{
    post_setup_stop(&remote->setup);
}

struct embed_prompt remote_find_prompt(const struct remote *remote, const char *name)
{
    const char *text = remote->options->default_prompt;

    if (name)
        return (struct embed_prompt){.name = name};
    return (struct embed_prompt){.name = remote->options->default_prompt_name,
                                 .text = {text, text ? strlen(text) : 0}};
}

/* ---- one request ---- */

static void write_inputs(struct buffer *body, struct slice prompt, const struct part *part)
{
    struct buffer scratch = {0};

    for (size_t i = 0; i < part->n_texts; i++) {
        struct slice text = prompted_join(prompt, part->texts[i].text, &scratch);

        if (i > 0)
            buffer_append(body, ",", 1);
        if (text.bytes)
            buffer_append_json_string(body, text.bytes, text.len_bytes);
        else
            body->failed = true;
    }
    buffer_release(&scratch);
}

static bool write_request(const struct remote *remote, struct embed_prompt prompt,
                          const struct part *part, struct buffer *body)
{
    buffer_append_string(body, "{\"input\":[");
    write_inputs(body, prompt.text, part);
    buffer_appendf(body, "],\"encoding_format\":\"%s\"", remote->wants_base64 ? "base64" : "float");
    if (remote->model_name) {
        buffer_append_string(body, ",\"model\":");
        buffer_append_json_or_null(body, remote->model_name);
    }
    if (remote->asked_dims > 0)
        buffer_appendf(body, ",\"dimensions\":%zu", remote->asked_dims);
    if (prompt.name) {
        buffer_append_string(body, ",\"prompt_name\":");
        buffer_append_json_or_null(body, prompt.name);
    }
    if (!remote->options->auto_truncate)
        buffer_append_string(body, ",\"truncate\":false");
    buffer_append_string(body, "}");
    return !buffer_failed(body);
}

/* What the server's refusal means: something of the texts, which is INVALID, TOO_LONG or
 * NOT_FINITE, or of the request as a whole, which is IO. */
static enum status refuse(const struct remote *remote, long http_status, const struct buffer *reply,
                          struct error *error)
{
    const struct post_message message = post_read_message(reply);
    const bool is_of_key = http_status == 401 || http_status == 403;
    enum status status = STATUS_IO;

    if (http_status == 400 || http_status == 413 || http_status == 422)
        status =
            strcmp(message.code, "context_length_exceeded") == 0 ? STATUS_TOO_LONG : STATUS_INVALID;
    else if (http_status == 500)
        status = STATUS_NOT_FINITE;
    return error_set(error, status, "%s: %ld: %s%s", remote->url, http_status, message.text,
                     is_of_key ? " (the key is given by --api-key)" : "");
}

static enum status ask(struct remote *remote, size_t i_lane, struct embed_prompt prompt,
                       const struct part *part, struct reply_vectors *vectors, struct error *error)
{
    struct buffer body = {0};
    struct buffer reply = {0};
    struct error why = {0};
    long http_status = 0;
    enum status status = STATUS_NO_MEMORY;

    if (write_request(remote, prompt, part, &body))
        status =
            post_exchange(remote->posts[i_lane], remote->url, &body, &reply, &http_status, error);
    if (!status && http_status != 200) {
        status = refuse(remote, http_status, &reply, error);
    } else if (!status) {
        status = reply_read((struct slice){reply.bytes, reply.len_bytes}, vectors, &why);
        if (status == STATUS_INVALID)
            status = error_set(error, STATUS_IO, "%s: %s", remote->url, why.text);
    }
    buffer_release(&body);
    buffer_release(&reply);
    return status ? error_set(error, status, "not enough memory") : STATUS_OK;
}

/* ---- a batch ---- */

static void refuse_text(const struct remote *remote, struct part *part, enum status status,
                        const struct error *why, struct error *error)
{
    part->texts[0].status = status;
    memset(part->vectors, 0, remote->n_dims * sizeof(float));
    error_set(error, status, "%s", why->text);
}

static enum status encode_part(struct remote *remote, size_t i_lane, struct embed_prompt prompt,
                               struct part part, bool *truncated, struct error *error)
{
    struct reply_vectors vectors = {part.vectors, truncated, part.n_texts, remote->n_dims};
    const size_t half = part.n_texts / 2;
    const struct part first = {part.texts, half, part.vectors};
    const struct part second = {part.texts + half, part.n_texts - half,
                                part.vectors + half * remote->n_dims};
    struct error why = {0};
    enum status status = ask(remote, i_lane, prompt, &part, &vectors, &why);

    switch (status) {
    case STATUS_INVALID:
    case STATUS_TOO_LONG:
    case STATUS_NOT_FINITE:
        break;
    default:
        return status ? error_set(error, status, "%s", why.text) : STATUS_OK;
    }
    if (part.n_texts == 1) {
        refuse_text(remote, &part, status, &why, error);
        return STATUS_OK;
    }
    status = encode_part(remote, i_lane, prompt, first, truncated, error);
    if (!status)
        status = encode_part(remote, i_lane, prompt, second, truncated + half, error);
    return status;
}

void remote_encode(struct remote *remote, size_t i_lane, struct embed_batch *batch)
{
    const struct part whole = {batch->texts, batch->n_texts, batch->vectors};
    bool *truncated = calloc(batch->n_texts, sizeof(*truncated));

    for (size_t i = 0; i < batch->n_texts; i++)
        batch->texts[i] = (struct embed_text){.text = batch->texts[i].text};
    if (truncated)
        batch->status = encode_part(remote, i_lane, batch->prompt, whole, truncated, &batch->error);
    else
        batch->status = error_set(&batch->error, STATUS_NO_MEMORY, "not enough memory");
    for (size_t i = 0; i < batch->n_texts && truncated; i++)
        batch->texts[i].is_truncated = truncated[i];
    free(truncated);
}
