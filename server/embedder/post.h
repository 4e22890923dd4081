/* SPDX-License-Identifier: Apache-2.0 */

/* One HTTP exchange with a server, tried again while that helps: where it is busy (429), still loading
 * (503) or failing (500, 502, 504), where the connection breaks, and where it cannot be reached any
 * more although it could be before. It waits as long as the server's
 * Retry-After says, else twice as long each time. Redirects are not followed, since a key goes
 * with the request. */
#ifndef NESTD_SERVER_EMBEDDER_POST_H
#define NESTD_SERVER_EMBEDDER_POST_H

#include "engine/engine.h"
#include "server/text/buffer.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

/* What several posts share; it outlives them. */
struct post_setup {
    const char *bearer; /* the API key; NULL: none */
    size_t max_retries;
    double timeout_s; /* of one try */
    size_t max_reply_bytes;

    pthread_mutex_t mutex;
    pthread_cond_t stopped;
    bool is_stopped; /* this and the next guarded by mutex */
    bool has_answered;
};

/* The key is INVALID if it could not be sent in a header. */
MUST_CHECK enum status post_setup_init(struct post_setup *setup, const char *bearer,
                                       struct error *error);
void post_setup_release(struct post_setup *setup);

/* Every exchange ends soon with STATUS_STOPPING. Any thread. */
void post_setup_stop(struct post_setup *setup);

/* A connection, kept between exchanges; for one thread at a time. NULL: no memory. */
struct post;
struct post *post_new(struct post_setup *setup);
void post_free(struct post *post); /* NULL is allowed */

/* Sends `body` as JSON, or without one asks by GET, and collects the reply in ret_reply, which is
 * emptied first. OK: it was answered, with *ret_http_status, which is none of those above. IO, with
 * the address and the reason; where the last try was answered with one of those above, it is in
 * *ret_http_status and the reply is there, else untouched or 0. STOPPING; NO_MEMORY. */
MUST_CHECK enum status post_exchange(struct post *post, const char *url, const struct buffer *body,
                                     struct buffer *ret_reply, long *ret_http_status,
                                     struct error *error);

/* What the body of an error reply says to a person, in any of the shapes that servers have, cut to
 * fit. */
struct post_message {
    char text[240];
    char code[64]; /* a machine's word for it; or empty */
};
struct post_message post_read_message(const struct buffer *reply);

#endif
