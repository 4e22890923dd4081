/* SPDX-License-Identifier: Apache-2.0 */

/* Checks how a request is framed, by its header only. It must be certain where the body ends:
 * otherwise one server's body is another server's next request (request smuggling). Knows nothing
 * of libmicrohttpd. For http_header.c. */
#ifndef NESTD_SERVER_HTTP_HTTP_FRAMING_H
#define NESTD_SERVER_HTTP_HTTP_FRAMING_H

#include "server/exchange/api_error.h"
#include "server/text/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What the fields so far say. Zeroed: no field yet. */
struct framing {
    struct slice host;   /* NULL: absent */
    struct slice length; /* of Content-Length */
    struct slice coding; /* of Transfer-Encoding */
    bool is_chunked;
    uint64_t n_body_bytes; /* of a body that is not chunked */
};

/* Takes the header's next field, in order of arrival; its bytes must stay until framing_end(). The
 * value has no leading blanks. False if the request must be refused. */
bool framing_add_field(struct framing *framing, struct slice name, struct slice value,
                       struct api_error *ret_error);

/* The header is complete: fills in is_chunked and n_body_bytes. False if the request must be
 * refused, and its connection closed. */
bool framing_end(struct framing *framing, bool is_http_1_0, struct api_error *ret_error);

/* Where the path begins in a request's target: after "http://host:port", if it has that. False if
 * the target has no form that nestd knows. */
bool framing_find_path(const char *target, size_t *ret_offset);

#endif
