/* SPDX-License-Identifier: Apache-2.0 */

/* Who answers the requests of a file: a server without sockets, with the routes, checks and limits of
 * nestd serve, or the server at --url. One owner; answers come on the office's threads. */
#ifndef NESTD_SERVER_BULK_OFFICE_H
#define NESTD_SERVER_BULK_OFFICE_H

#include "engine/engine.h"
#include "server/text/buffer.h"
#include "server/text/slice.h"

#include <stdbool.h>
#include <stdint.h>

enum { OFFICE_MAX_REQUESTS = 256 }; /* submitted and not done */

struct office;
struct options;

struct answer {
    enum status status; /* OK: it was answered, if only by an error */
    struct error error; /* else why not */
    unsigned http_status;
    struct buffer body; /* JSON on one line; the owner's */

    /* On an office's thread, with no lock held; must not block. */
    void (*done)(struct answer *answer);
};

/* What vectors depend on; of a server, where requests name the model and many machines may run it,
 * nothing is known. */
struct office_info {
    const char *model_name;
    const char *dtype;
    uint32_t digest; /* of the reply to a text that is always the same */
};

/* Loads the model, if no --url is given; `options` must outlive it. What is wrong with an option is
 * UNSUPPORTED or INVALID. */
MUST_CHECK enum status office_open(struct office **ret_office, const struct options *options,
                                   struct error *error);

/* Gives up what is not answered; every done() has been called then. NULL is allowed. */
void office_close(struct office *office);

const struct office_info *office_get_info(const struct office *office);

/* Whether that path may be asked for. A server says itself which it has. */
bool office_knows(const struct office *office, const char *path);

/* Has a POST to a path that it knows answered. The body is copied; *answer is the office's until
 * done. NO_MEMORY: it will not be done. */
MUST_CHECK enum status office_submit(struct office *office, const char *path, struct slice body,
                                     struct answer *answer);

#endif
