/* SPDX-License-Identifier: Apache-2.0 */

/* HTTP requests to other servers, one at a time; the only user of libcurl. No try is repeated here
 * and no redirect followed: a caller knows when that helps, and who may see its key.
 *
 * The proxies of the usual variables are used, and the certificates of SSL_CERT_FILE,
 * REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE where one is set, else the system's. */
#ifndef NESTD_SERVER_HTTP_CLIENT_TRANSFER_H
#define NESTD_SERVER_HTTP_CLIENT_TRANSFER_H

#include "server/text/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A connection, kept between requests; for one thread at a time. NULL: no memory. */
struct transfer;
struct transfer *transfer_new(void);
void transfer_free(struct transfer *transfer); /* NULL is allowed */

struct transfer_request {
    const char *url;    /* http or https */
    struct slice body;  /* JSON to be sent by POST; bytes is NULL: GET */
    const char *accept; /* the media type wanted; NULL: any */
    const char *bearer; /* the key; NULL: none */
    uint64_t offset;    /* of the first byte that is wanted */
    bool is_direct;     /* no proxy is used */
    bool is_unverified; /* whatever certificate the server has */
    long connect_timeout_s;
    long stall_timeout_s; /* no byte for so long ends it; 0: no limit */
    double timeout_s;     /* from beginning to end; 0: no limit */

    /* Called during the transfer. is_stopped and take_header may be NULL. */
    bool (*is_stopped)(void *user); /* true breaks it off */
    void (*take_header)(void *user, const char *line, size_t len_bytes);
    bool (*take_body)(void *user, const char *bytes, size_t len_bytes); /* false breaks it off */
    void *user;
};

enum transfer_end {
    TRANSFER_ANSWERED,      /* the reply is whole, whatever its status */
    TRANSFER_BROKEN_OFF,    /* by is_stopped or take_body */
    TRANSFER_NOT_CONNECTED, /* nobody listens there */
    TRANSFER_CUT_SHORT,     /* by a time limit or by the other side */
    TRANSFER_HOPELESS,      /* an address or a certificate with which no try succeeds */
    TRANSFER_NO_MEMORY,
    TRANSFER_FAILED, /* otherwise: a name that is not found, a TLS handshake */
};

struct transfer_reply {
    enum transfer_end end;
    long http_status;     /* 0: none came */
    double retry_after_s; /* 0: not told */
    const char *redirect; /* where it leads to, valid until the next request; NULL: nowhere */
    char problem[256];    /* for a person; "" if it was answered */
};

/* Blocks until the transfer has ended. */
struct transfer_reply transfer_run(struct transfer *transfer,
                                   const struct transfer_request *request);

/* Whether it can be read as an address. */
bool transfer_is_address(const char *text);

/* Whether both addresses have the same scheme, host and port. */
bool transfer_is_same_origin(const char *a, const char *b);

#endif
