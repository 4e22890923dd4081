/* SPDX-License-Identifier: Apache-2.0 */
#include "server/embedder/post.h"

#include "server/exchange/retry.h"
#include "server/text/log.h"

#include <curl/curl.h>
#include <jansson.h>
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
    CURL *curl;
    struct curl_slist *headers;
    struct buffer *reply; /* of the exchange that runs */
    char reason[CURL_ERROR_SIZE];
};

/* How one try ended. */
struct outcome {
    CURLcode result;
    long http_status;
    double retry_after_s; /* 0: the server did not say */
};

enum status post_setup_init(struct post_setup *setup, const char *bearer, struct error *error)
{
    pthread_condattr_t attributes;

    for (const char *c = bearer; c && *c; c++)
        if (*c <= ' ' || *c > '~')
            return error_set(error, STATUS_INVALID,
                             "--api-key: expected printable ASCII characters without spaces");
    if (curl_global_init(CURL_GLOBAL_DEFAULT))
        return error_set(error, STATUS_NO_MEMORY, "libcurl cannot start");
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
    curl_global_cleanup();
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

static bool is_stopped(struct post_setup *setup)
{
    return get(setup, &setup->is_stopped);
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

static size_t take_bytes(char *bytes, size_t size, size_t n, void *user)
{
    struct post *post = user;
    struct buffer *reply = post->reply;

    if (n > post->setup->max_reply_bytes - reply->len_bytes)
        return 0; /* libcurl ends the transfer */
    buffer_append(reply, bytes, n);
    return buffer_failed(reply) ? 0 : size * n;
}

static int tell_stopped(void *user, curl_off_t total_down, curl_off_t down, curl_off_t total_up,
                        curl_off_t up)
{
    struct post *post = user;

    (void)total_down;
    (void)down;
    (void)total_up;
    (void)up;
    return is_stopped(post->setup);
}

static bool add_header(struct post *post, const char *line)
{
    struct curl_slist *headers = curl_slist_append(post->headers, line);

    if (headers)
        post->headers = headers;
    return headers;
}

static bool add_headers(struct post *post)
{
    struct buffer line = {0};
    bool done;

    if (!add_header(post, "Content-Type: application/json") ||
        !add_header(post, "Accept: application/json") || !add_header(post, "Expect:"))
        return false;
    if (!post->setup->bearer)
        return true;
    buffer_appendf(&line, "Authorization: Bearer %s", post->setup->bearer);
    buffer_append(&line, "", 1);
    done = !buffer_failed(&line) && add_header(post, line.bytes);
    buffer_release(&line);
    return done;
}

struct post *post_new(struct post_setup *setup)
{
    struct post *post = calloc(1, sizeof(*post));

    if (!post)
        return NULL;
    post->setup = setup;
    post->curl = curl_easy_init();
    if (!post->curl || !add_headers(post)) {
        post_free(post);
        return NULL;
    }
    return post;
}

void post_free(struct post *post)
{
    if (!post)
        return;
    curl_easy_cleanup(post->curl);
    curl_slist_free_all(post->headers);
    free(post);
}

static void prepare(struct post *post, const char *url, const struct buffer *body)
{
    CURL *curl = post->curl;

    curl_easy_reset(curl); /* keeps the connection */
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "nestd/" NESTD_VERSION);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, post->headers);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)(post->setup->timeout_s * 1e3));
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, post->reason);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, post);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, tell_stopped);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, post);
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->bytes);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body->len_bytes);
    }
}

static struct outcome try_once(struct post *post, const char *url, const struct buffer *body)
{
    struct outcome outcome = {0};
    curl_off_t retry_after_s = 0;

    post->reason[0] = '\0';
    post->reply->len_bytes = 0;
    prepare(post, url, body);
    outcome.result = curl_easy_perform(post->curl);
    curl_easy_getinfo(post->curl, CURLINFO_RESPONSE_CODE, &outcome.http_status);
    if (!curl_easy_getinfo(post->curl, CURLINFO_RETRY_AFTER, &retry_after_s) && retry_after_s > 0)
        outcome.retry_after_s = (double)retry_after_s;
    if (!outcome.result)
        note_answer(post->setup);
    else if (!post->reason[0])
        snprintf(post->reason, sizeof(post->reason), "%s", curl_easy_strerror(outcome.result));
    return outcome;
}

/* ---- until it helps no more ---- */

/* Whether the same request may fare better later. */
static bool may_pass(struct post *post, const struct outcome *outcome)
{
    switch (outcome->result) {
    case CURLE_OK:
        break;
    case CURLE_COULDNT_CONNECT:
        return get(post->setup, &post->setup->has_answered);
    case CURLE_OPERATION_TIMEDOUT:
    case CURLE_GOT_NOTHING:
    case CURLE_SEND_ERROR:
    case CURLE_RECV_ERROR:
    case CURLE_PARTIAL_FILE:
        return true;
    default:
        return false;
    }
    switch (outcome->http_status) {
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

static void say_why(const struct post *post, const struct outcome *outcome, char why[320])
{
    if (outcome->result)
        snprintf(why, 320, "%s", post->reason);
    else
        snprintf(why, 320, "%ld: %s", outcome->http_status, post_read_message(post->reply).text);
}

static enum status fail(struct post *post, const char *url, const struct outcome *outcome,
                        size_t n_retries, struct error *error)
{
    char why[320];

    if (outcome->result == CURLE_OUT_OF_MEMORY || buffer_failed(post->reply))
        return error_set(error, STATUS_NO_MEMORY, "not enough memory for the reply of %s", url);
    if (outcome->result == CURLE_WRITE_ERROR)
        return error_set(error, STATUS_IO, "%s: the reply is longer than %zu bytes", url,
                         post->setup->max_reply_bytes);
    say_why(post, outcome, why);
    if (n_retries > 0)
        return error_set(error, STATUS_IO, "%s: %s (tried %zu times)", url, why, n_retries + 1);
    return error_set(error, STATUS_IO, "%s: %s", url, why);
}

/* Half of the time by chance, so that those who were refused together do not come back together. */
static double choose_wait_s(const struct outcome *outcome, size_t n_retries)
{
    double backoff_s = FIRST_WAIT_S;

    if (outcome->retry_after_s > 0)
        return outcome->retry_after_s < MAX_RETRY_AFTER_S ? outcome->retry_after_s
                                                          : MAX_RETRY_AFTER_S;
    for (; n_retries > 0 && backoff_s < MAX_WAIT_S; n_retries--)
        backoff_s *= 2;
    return (backoff_s < MAX_WAIT_S ? backoff_s : MAX_WAIT_S) * (0.5 + 0.5 * retry_draw());
}

enum status post_exchange(struct post *post, const char *url, const struct buffer *body,
                          struct buffer *ret_reply, long *ret_http_status, struct error *error)
{
    post->reply = ret_reply;
    for (size_t n_retries = 0;; n_retries++) {
        const struct outcome outcome = try_once(post, url, body);
        char why[320];
        double seconds;

        if (is_stopped(post->setup))
            return error_set(error, STATUS_STOPPING, "%s: given up", url);
        if (!may_pass(post, &outcome)) {
            if (outcome.result)
                return fail(post, url, &outcome, n_retries, error);
            *ret_http_status = outcome.http_status;
            return STATUS_OK;
        }
        if (n_retries == post->setup->max_retries)
            return fail(post, url, &outcome, n_retries, error);
        seconds = choose_wait_s(&outcome, n_retries);
        say_why(post, &outcome, why);
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
