/* SPDX-License-Identifier: Apache-2.0 */
#include "server/embedder/post.h"

#include "server/exchange/retry.h"
#include "server/http/client/transfer.h"
#include "server/text/log.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    CONNECT_TIMEOUT_S = 30,
    MAX_WAIT_S = 60,         /* without a word of the server */
    MAX_RETRY_AFTER_S = 600, /* with one */
};
static const double FIRST_WAIT_S = 0.5;

struct post {
    struct post_setup *setup;
    struct transfer *transfer;
    struct buffer *reply; /* of the exchange that runs */
};

enum status post_setup_init(struct post_setup *setup, const char *bearer, struct error *error)
{
    pthread_condattr_t attributes;

    for (const char *c = bearer; c && *c; c++)
        if (*c <= ' ' || *c > '~')
            return error_set(error, STATUS_INVALID,
                             "--api-key: expected printable ASCII characters without spaces");
    setup->bearer = bearer;
    pthread_mutex_init(&setup->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&setup->stopped, &attributes);
    pthread_condattr_destroy(&attributes);
    return STATUS_OK;
}

void post_setup_release(struct post_setup *setup)
{
    pthread_cond_destroy(&setup->stopped);
    pthread_mutex_destroy(&setup->mutex);
}

void post_setup_stop(struct post_setup *setup)
{
    pthread_mutex_lock(&setup->mutex);
    setup->is_stopped = true;
    pthread_cond_broadcast(&setup->stopped);
    pthread_mutex_unlock(&setup->mutex);
}

static bool get(struct post_setup *setup, const bool *flag)
{
    bool value;

    pthread_mutex_lock(&setup->mutex);
    value = *flag;
    pthread_mutex_unlock(&setup->mutex);
    return value;
}

static void note_answer(struct post_setup *setup)
{
    pthread_mutex_lock(&setup->mutex);
    setup->has_answered = true;
    pthread_mutex_unlock(&setup->mutex);
}

/* False if it was stopped meanwhile. */
static bool wait_s(struct post_setup *setup, double seconds)
{
    struct timespec until;
    bool stopped;
    int late = 0;

    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += (time_t)seconds;
    until.tv_nsec += (long)((seconds - (double)(time_t)seconds) * 1e9);
    if (until.tv_nsec >= 1000000000) {
        until.tv_nsec -= 1000000000;
        until.tv_sec++;
    }
    pthread_mutex_lock(&setup->mutex);
    while (!setup->is_stopped && late == 0)
        late = pthread_cond_timedwait(&setup->stopped, &setup->mutex, &until);
    stopped = setup->is_stopped;
    pthread_mutex_unlock(&setup->mutex);
    return !stopped;
}

/* ---- one try ---- */

static bool take_body(void *user, const char *bytes, size_t len_bytes)
{
    struct post *post = user;
    struct buffer *reply = post->reply;

    if (len_bytes > post->setup->max_reply_bytes - reply->len_bytes)
        return false;
    buffer_append(reply, bytes, len_bytes);
    return !buffer_failed(reply);
}

static bool is_stopped(void *user)
{
    struct post *post = user;

    return get(post->setup, &post->setup->is_stopped);
}

struct post *post_new(struct post_setup *setup)
{
    struct post *post = calloc(1, sizeof(*post));

    if (!post)
        return NULL;
    post->setup = setup;
    post->transfer = transfer_new();
    if (!post->transfer) {
        post_free(post);
        return NULL;
    }
    return post;
}

void post_free(struct post *post)
{
    if (!post)
        return;
    transfer_free(post->transfer);
    free(post);
}

static struct transfer_reply try_once(struct post *post, const char *url, const struct buffer *body)
{
    const struct transfer_request request = {
        .url = url,
        .body = body ? (struct slice){body->bytes, body->len_bytes} : (struct slice){0},
        .accept = "application/json",
        .bearer = post->setup->bearer,
        .connect_timeout_s = CONNECT_TIMEOUT_S,
        .timeout_s = post->setup->timeout_s,
        .is_stopped = is_stopped,
        .take_body = take_body,
        .user = post,
    };
    struct transfer_reply reply;

    post->reply->len_bytes = 0;
    reply = transfer_run(post->transfer, &request);
    if (reply.end == TRANSFER_ANSWERED)
        note_answer(post->setup);
    return reply;
}

/* ---- until it helps no more ---- */

/* Whether the same request may fare better later. */
static bool may_pass(struct post *post, const struct transfer_reply *reply)
{
    switch (reply->end) {
    case TRANSFER_ANSWERED:
        break;
    case TRANSFER_NOT_CONNECTED:
        return get(post->setup, &post->setup->has_answered);
    case TRANSFER_CUT_SHORT:
        return true;
    default:
        return false;
    }
    switch (reply->http_status) {
    case 500: /* the same text has the same vector */
        return strcmp(post_read_message(post->reply).code, "vector_not_finite") != 0;
    case 408:
    case 429:
    case 502:
    case 503:
    case 504:
        return true;
    default:
        return false;
    }
}

static void say_why(const struct post *post, const struct transfer_reply *reply, char why[320])
{
    if (reply->end == TRANSFER_ANSWERED)
        snprintf(why, 320, "%ld: %s", reply->http_status, post_read_message(post->reply).text);
    else
        snprintf(why, 320, "%s", reply->problem);
}

static enum status fail(struct post *post, const char *url, const struct transfer_reply *reply,
                        size_t n_retries, struct error *error)
{
    char why[320];

    if (reply->end == TRANSFER_NO_MEMORY || buffer_failed(post->reply))
        return error_set(error, STATUS_NO_MEMORY, "not enough memory for the reply of %s", url);
    if (reply->end == TRANSFER_BROKEN_OFF)
        return error_set(error, STATUS_IO, "%s: the reply is longer than %zu bytes", url,
                         post->setup->max_reply_bytes);
    say_why(post, reply, why);
    if (n_retries > 0)
        return error_set(error, STATUS_IO, "%s: %s (tried %zu times)", url, why, n_retries + 1);
    return error_set(error, STATUS_IO, "%s: %s", url, why);
}

/* Half of the time by chance, so that those who were refused together do not come back together. */
static double choose_wait_s(const struct transfer_reply *reply, size_t n_retries)
{
    double backoff_s = FIRST_WAIT_S;

    if (reply->retry_after_s > 0)
        return reply->retry_after_s < MAX_RETRY_AFTER_S ? reply->retry_after_s : MAX_RETRY_AFTER_S;
    for (; n_retries > 0 && backoff_s < MAX_WAIT_S; n_retries--)
        backoff_s *= 2;
    return (backoff_s < MAX_WAIT_S ? backoff_s : MAX_WAIT_S) * (0.5 + 0.5 * retry_draw());
}

enum status post_exchange(struct post *post, const char *url, const struct buffer *body,
                          struct buffer *ret_reply, long *ret_http_status, struct error *error)
{
    post->reply = ret_reply;
    for (size_t n_retries = 0;; n_retries++) {
        const struct transfer_reply reply = try_once(post, url, body);
        char why[320];
        double seconds;

        if (is_stopped(post))
            return error_set(error, STATUS_STOPPING, "%s: given up", url);
        if (!may_pass(post, &reply)) {
            if (reply.end != TRANSFER_ANSWERED)
                return fail(post, url, &reply, n_retries, error);
            *ret_http_status = reply.http_status;
            return STATUS_OK;
        }
        if (n_retries == post->setup->max_retries) {
            *ret_http_status = reply.end == TRANSFER_ANSWERED ? reply.http_status : 0;
            return fail(post, url, &reply, n_retries, error);
        }
        seconds = choose_wait_s(&reply, n_retries);
        say_why(post, &reply, why);
        log_write(LOG_WARNING, "%s: %s; trying again in %.1f s (%zu of %zu)", url, why, seconds,
                  n_retries + 1, post->setup->max_retries);
        if (!wait_s(post->setup, seconds))
            return error_set(error, STATUS_STOPPING, "%s: given up", url);
    }
}

/* ---- error replies ---- */

static void copy_string(const json_t *json, const char *key, char *to, size_t size)
{
    const json_t *member = json_object_get(json, key);

    if (json_is_string(member) && !to[0])
        snprintf(to, size, "%s", json_string_value(member));
}

/* {"error": {"message", "code"}} of OpenAI, {"error": "...", "error_type"} of TEI, {"message"} of
 * Cohere, {"detail"} of FastAPI. */
struct post_message post_read_message(const struct buffer *reply)
{
    struct post_message message = {{0}, {0}};
    json_t *root =
        reply->len_bytes > 0 ? json_loadb(reply->bytes, reply->len_bytes, 0, NULL) : NULL;
    const json_t *inner = json_object_get(root, "error");

    copy_string(inner, "message", message.text, sizeof(message.text));
    copy_string(inner, "code", message.code, sizeof(message.code));
    copy_string(root, "error", message.text, sizeof(message.text));
    copy_string(root, "message", message.text, sizeof(message.text));
    copy_string(root, "detail", message.text, sizeof(message.text));
    if (!message.text[0] && !root)
        snprintf(message.text, sizeof(message.text), "%.*s",
                 (int)(reply->len_bytes < 200 ? reply->len_bytes : 200),
                 reply->bytes ? reply->bytes : "");
    json_decref(root);
    for (char *c = message.text; *c; c++)
        if ((unsigned char)*c < ' ' || *c == 0x7f)
            *c = ' ';
    return message;
}
