/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/wire/client.h"

#include "server/http/client/transfer.h"
#include "server/hub/wire/reply_header.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum {
    MAX_REDIRECTS = 10,
    MAX_URL_BYTES = 8192,
    CONNECT_TIMEOUT_S = 10,
    /* Nothing at all for so long is a connection that is dead. */
    STALL_TIMEOUT_S = 30,
};

struct hub_client {
    struct transfer *transfer;
    const char *endpoint;
    const char *token;
};

/* One request of one redirect's hop. */
struct hop {
    const struct hub_sink *sink;
    struct hub_reply *reply;
};

/* ---- addresses ---- */

bool hub_escape(const char *text, bool keep_slashes, char *to, size_t max_bytes)
{
    size_t at = strlen(to);

    for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
        bool is_plain = isalnum(*c) || strchr("-_.~", *c) || (*c == '/' && keep_slashes);

        if (at + 4 > max_bytes)
            return false;
        at += (size_t)snprintf(to + at, max_bytes - at, is_plain ? "%c" : "%%%02X", *c);
    }
    return true;
}

static bool is_web(const char *url)
{
    return strncasecmp(url, "https://", 8) == 0 || strncasecmp(url, "http://", 7) == 0;
}

static bool is_downgrade(const char *from, const char *to)
{
    return strncasecmp(from, "https://", 8) == 0 && strncasecmp(to, "https://", 8) != 0;
}

/* ---- a reply ---- */

static void take_header(void *user, const char *line, size_t len_bytes)
{
    struct hop *hop = user;

    hub_reply_add_header(hop->reply, line, len_bytes);
}

static bool take_body(void *user, const char *bytes, size_t len_bytes)
{
    struct hop *hop = user;

    if (hop->reply->status != 200 && hop->reply->status != 206)
        return true; /* what it says is in the header too */
    return hop->sink->put(hop->sink->user, hop->reply, bytes, len_bytes);
}

static enum hub_outcome judge(const struct transfer_reply *transferred, struct hub_reply *reply)
{
    snprintf(reply->problem, sizeof reply->problem, "%s", transferred->problem);
    switch (transferred->end) {
    case TRANSFER_ANSWERED:
        break;
    case TRANSFER_BROKEN_OFF:
        return HUB_BROKEN;
    case TRANSFER_HOPELESS:
    case TRANSFER_NO_MEMORY:
        return HUB_REFUSED;
    default:
        return HUB_AGAIN;
    }
    if (reply->status == 200 || reply->status == 206)
        return HUB_DONE;
    return reply->status == 408 || reply->status == 429 || reply->status >= 500 ? HUB_AGAIN
                                                                                : HUB_REFUSED;
}

/* ---- requests ---- */

/* The token goes to the hub only. */
static const char *find_bearer(const struct hub_client *client, const char *url)
{
    return client->token[0] && transfer_is_same_origin(url, client->endpoint) ? client->token
                                                                              : NULL;
}

/* One hop. What it is redirected to is left in `url`, which is "" otherwise. */
static enum hub_outcome get_once(struct hub_client *client, char url[MAX_URL_BYTES],
                                 uint64_t offset, struct hop *hop)
{
    const struct transfer_request request = {
        .url = url,
        .bearer = find_bearer(client, url),
        .offset = offset,
        .connect_timeout_s = CONNECT_TIMEOUT_S,
        .stall_timeout_s = STALL_TIMEOUT_S,
        .take_header = take_header,
        .take_body = take_body,
        .user = hop,
    };
    struct transfer_reply transferred;
    const char *next;

    *hop->reply = (struct hub_reply){0};
    transferred = transfer_run(client->transfer, &request);
    next = transferred.redirect;
    if (!next || strlen(next) >= MAX_URL_BYTES || !is_web(next) || is_downgrade(url, next)) {
        url[0] = '\0';
        return judge(&transferred, hop->reply);
    }
    memcpy(url, next, strlen(next) + 1);
    return HUB_DONE;
}

enum hub_outcome hub_client_get(struct hub_client *client, const char *url, uint64_t offset,
                                const struct hub_sink *sink, struct hub_reply *ret_reply)
{
    struct hop hop = {.sink = sink, .reply = ret_reply};
    char at[MAX_URL_BYTES];
    enum hub_outcome outcome = HUB_REFUSED;

    *ret_reply = (struct hub_reply){0};
    if (strlen(url) >= sizeof at)
        return HUB_REFUSED;
    memcpy(at, url, strlen(url) + 1);
    for (size_t i = 0; i <= MAX_REDIRECTS && at[0]; i++)
        outcome = get_once(client, at, offset, &hop);
    return at[0] ? HUB_REFUSED : outcome;
}

/* ---- the client ---- */

enum status hub_client_new(struct hub_client **ret_client, const char *endpoint, const char *token,
                           struct error *error)
{
    struct hub_client *client = calloc(1, sizeof *client);
    const char *proxy = getenv("HTTP_PROXY");

    /* libcurl reads it in small letters only, other programs in either. */
    if (proxy)
        setenv("http_proxy", proxy, 0);
    if (client)
        *client = (struct hub_client){transfer_new(), endpoint, token};
    if (!client || !client->transfer) {
        hub_client_free(client);
        return error_set(error, STATUS_NO_MEMORY, "libcurl cannot be started");
    }
    if (!transfer_is_address(endpoint)) {
        hub_client_free(client);
        return error_set(error, STATUS_INVALID, "HF_ENDPOINT: %.200s is no address", endpoint);
    }
    *ret_client = client;
    return STATUS_OK;
}

void hub_client_free(struct hub_client *client)
{
    if (!client)
        return;
    transfer_free(client->transfer);
    free(client);
}
