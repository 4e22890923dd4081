/* SPDX-License-Identifier: Apache-2.0 */

/* Requests wait in a list, first in, first out. Lanes, a thread each, take them from it; each has one
 * in flight. What the server says of a request, be it an error, is its answer. Where the server as a
 * whole is at fault (nobody listens, it is busy for too long, the key is wrong) there is none: what
 * follows would fare no better, and a run that ends can be resumed. */
#include "server/bulk/office_remote.h"

#include "config/options.h"
#include "server/embedder/base_url.h"
#include "server/embedder/post.h"
#include "server/text/utf8.h"

#include <jansson.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_REPLY_BYTES = 1 << 28, MAX_PATH_BYTES = 1000 };

struct errand {
    struct errand *next;
    struct answer *answer;
    char *url;
    struct buffer body;
};

struct lane {
    struct office_remote *office;
    struct post *post;
    pthread_t thread;
};

struct office_remote {
    struct slice root; /* of the server's address */
    struct post_setup setup;

    pthread_mutex_t mutex;
    pthread_cond_t pushed;
    struct errand *first; /* a list; this and the next two guarded by mutex */
    struct errand *last;
    bool is_stopping;

    size_t n_lanes; /* that were started */
    struct lane lanes[];
};

static void free_errand(struct errand *errand)
{
    if (!errand)
        return;
    buffer_release(&errand->body);
    free(errand->url);
    free(errand);
}

/* ---- the reply as a line's body ---- */

static void blank_line_ends(struct buffer *body)
{
    for (size_t i = 0; i < body->len_bytes; i++)
        if (body->bytes[i] == '\n' || body->bytes[i] == '\r')
            body->bytes[i] = ' ';
}

/* Of bytes that no character begins with, each becomes U+FFFD. */
static void append_characters(struct buffer *to, const struct buffer *from)
{
    for (size_t at = 0; at < from->len_bytes;) {
        size_t size = utf8_character_size(from->bytes + at, from->len_bytes - at);

        if (size > 0)
            buffer_append(to, from->bytes + at, size);
        else
            buffer_append_string(to, "\xef\xbf\xbd");
        at += size > 0 ? size : 1;
    }
}

/* JSON may span lines, but only between its tokens. What is none, such as a proxy's page, becomes a
 * text. */
static void make_line(struct buffer *body)
{
    json_error_t problem = {0};
    json_t *json = json_loadb(body->bytes ? body->bytes : "", body->len_bytes,
                              JSON_DECODE_ANY | JSON_ALLOW_NUL, &problem);
    struct buffer text = {0};
    struct buffer quoted = {0};

    if (json) {
        json_decref(json);
        blank_line_ends(body);
        return;
    }
    append_characters(&text, body);
    buffer_append_json_string(&quoted, text.bytes, text.len_bytes);
    quoted.failed = quoted.failed || buffer_failed(&text) ||
                    json_error_code(&problem) == json_error_out_of_memory;
    buffer_release(&text);
    buffer_release(body);
    *body = quoted;
}

/* ---- a request ---- */

/* Whether a status that outlasted all tries says something of the request, not of the server. */
static bool is_of_request(long http_status)
{
    return http_status == 408 || http_status == 500 || http_status == 504;
}

static void exchange(struct post *post, const struct errand *errand)
{
    struct answer *answer = errand->answer;
    struct error why = {0};
    long http_status = 0;
    enum status status =
        post_exchange(post, errand->url, &errand->body, &answer->body, &http_status, &why);

    if (status == STATUS_IO && is_of_request(http_status))
        status = STATUS_OK;
    if (!status && (http_status == 401 || http_status == 403))
        status = error_set(&why, STATUS_IO, "%s: %ld: %s (the key is given by --api-key)",
                           errand->url, http_status, post_read_message(&answer->body).text);
    answer->status = status;
    answer->http_status = (unsigned)http_status;
    if (status)
        (void)error_set(&answer->error, status, "%s", why.text);
    else
        make_line(&answer->body);
}

/* The next errand; with *ret_stopping it is only to be ended. NULL: no more will come. */
static struct errand *take(struct office_remote *office, bool *ret_stopping)
{
    struct errand *errand;

    pthread_mutex_lock(&office->mutex);
    while (!office->first && !office->is_stopping)
        pthread_cond_wait(&office->pushed, &office->mutex);
    errand = office->first;
    if (errand)
        office->first = errand->next;
    *ret_stopping = office->is_stopping;
    pthread_mutex_unlock(&office->mutex);
    return errand;
}

static void *run_lane(void *argument)
{
    const struct lane *lane = argument;
    struct errand *errand;
    bool stopping;

    while ((errand = take(lane->office, &stopping))) {
        struct answer *answer = errand->answer;

        if (stopping)
            answer->status = error_set(&answer->error, STATUS_STOPPING, "given up");
        else
            exchange(lane->post, errand);
        free_errand(errand);
        answer->done(answer);
    }
    return NULL;
}

/* ---- the office ---- */

static enum status start_lanes(struct office_remote *office, size_t n_lanes)
{
    for (size_t i = 0; i < n_lanes; i++) {
        struct lane *lane = &office->lanes[i];

        *lane = (struct lane){.office = office, .post = post_new(&office->setup)};
        if (!lane->post)
            return STATUS_NO_MEMORY;
        if (pthread_create(&lane->thread, NULL, run_lane, lane)) {
            post_free(lane->post);
            return STATUS_NO_MEMORY;
        }
        office->n_lanes++;
    }
    return STATUS_OK;
}

enum status office_remote_open(struct office_remote **ret_office, const struct options *options,
                               struct error *error)
{
    const size_t n_lanes = (size_t)options->url_requests;
    struct office_remote *office = calloc(1, sizeof(*office) + n_lanes * sizeof(struct lane));
    struct base_url base;
    enum status status = base_url_read(options->url, &base, error);

    if (!office && !status)
        status = STATUS_NO_MEMORY;
    if (!status)
        status = post_setup_init(&office->setup, options->api_key, error);
    if (status) {
        free(office);
        return error_set(error, status, "not enough memory to start");
    }
    office->root = base.root;
    office->setup.max_retries = (size_t)options->url_retries;
    office->setup.timeout_s = options->url_timeout;
    office->setup.max_reply_bytes = MAX_REPLY_BYTES;
    pthread_mutex_init(&office->mutex, NULL);
    pthread_cond_init(&office->pushed, NULL);
    status = start_lanes(office, n_lanes);
    if (status) {
        office_remote_close(office);
        return error_set(error, status, "not enough memory or threads to start");
    }
    *ret_office = office;
    return STATUS_OK;
}

void office_remote_close(struct office_remote *office)
{
    if (!office)
        return;
    pthread_mutex_lock(&office->mutex);
    office->is_stopping = true;
    pthread_cond_broadcast(&office->pushed);
    pthread_mutex_unlock(&office->mutex);
    post_setup_stop(&office->setup);
    for (size_t i = 0; i < office->n_lanes; i++) {
        pthread_join(office->lanes[i].thread, NULL);
        post_free(office->lanes[i].post);
    }
    post_setup_release(&office->setup);
    pthread_cond_destroy(&office->pushed);
    pthread_mutex_destroy(&office->mutex);
    free(office);
}

bool office_remote_knows(const char *path)
{
    size_t len = 0;

    while (path[len] > ' ' && path[len] <= '~' && path[len] != '#' && len <= MAX_PATH_BYTES)
        len++;
    return path[0] == '/' && !path[len];
}

enum status office_remote_submit(struct office_remote *office, const char *path, struct slice body,
                                 struct answer *answer)
{
    struct errand *errand = calloc(1, sizeof(*errand));

    if (!errand)
        return STATUS_NO_MEMORY;
    errand->answer = answer;
    if (asprintf(&errand->url, "%.*s%s", (int)office->root.len_bytes, office->root.bytes, path) < 0)
        errand->url = NULL;
    buffer_append(&errand->body, body.bytes, body.len_bytes);
    if (!errand->url || buffer_failed(&errand->body)) {
        free_errand(errand);
        return STATUS_NO_MEMORY;
    }
    pthread_mutex_lock(&office->mutex);
    if (office->first)
        office->last->next = errand;
    else
        office->first = errand;
    office->last = errand;
    pthread_cond_signal(&office->pushed);
    pthread_mutex_unlock(&office->mutex);
    return STATUS_OK;
}
