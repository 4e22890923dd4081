/* SPDX-License-Identifier: Apache-2.0 */

/* Why the hub did not give a model, and what to do about it, in a sentence. Pure. */
#ifndef NESTD_SERVER_HUB_WIRE_EXPLAIN_H
#define NESTD_SERVER_HUB_WIRE_EXPLAIN_H

#include "server/hub/wire/client.h"

struct hub_asked {
    const char *name; /* of the model */
    const char *revision;
    const char *endpoint;
    bool with_token;
};

/* Sets the error: STATUS_INVALID where what was asked for is wrong, STATUS_IO where the hub or the
 * way to it is. */
enum status hub_explain(const struct hub_asked *asked, const struct hub_reply *reply,
                        struct error *error);

/* Whether it says that no model, revision or file of that name is there. */
bool hub_reply_is_unknown_revision(const struct hub_reply *reply);

/* The reply in a few words, for a log: "answered 503", "the connection was reset". */
struct hub_words {
    char text[300];
};
struct hub_words hub_describe(const struct hub_reply *reply);

#endif
