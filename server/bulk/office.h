/* SPDX-License-Identifier: Apache-2.0 */

/* A server without sockets: bodies in, replies out, by the routes, checks and limits of nestd serve.
 * One owner; answers come on the office's threads. */
#ifndef NESTD_SERVER_BULK_OFFICE_H
#define NESTD_SERVER_BULK_OFFICE_H

#include "engine/engine.h"
#include "server/text/buffer.h"
#include "server/text/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct office;
struct options;

struct answer {
    unsigned http_status; /* 0: it was given up */
    struct buffer body;   /* the owner's */

    /* On an office's thread, with no lock held; must not block. */
    void (*done)(struct answer *answer);
};

/* Loads the model; `options` must outlive it. What is wrong with an option is UNSUPPORTED or
 * INVALID. */
MUST_CHECK enum status office_open(struct office **ret_office, const struct options *options,
                                   struct error *error);

/* Gives up what is not answered; every done() has been called then. NULL is allowed. */
void office_close(struct office *office);

const struct engine_info *office_get_info(const struct office *office);
const char *office_get_model_name(const struct office *office);

/* A digest of the reply to a text that is always the same: of the model, its number format and the
 * kernels together. Blocks; while nothing else is submitted. */
MUST_CHECK enum status office_digest(struct office *office, uint32_t *ret_digest);

/* Whether a POST of that path would be answered. */
bool office_knows(const struct office *office, const char *path);

/* How many may be submitted and not done at once. */
size_t office_count_seats(const struct office *office);

/* Has a POST to a path that it knows answered. The body is copied; *answer is the office's until
 * done. NO_MEMORY: it will not be done. */
MUST_CHECK enum status office_submit(struct office *office, const char *path, struct slice body,
                                     struct answer *answer);

#endif
