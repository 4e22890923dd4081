/* SPDX-License-Identifier: Apache-2.0 */

/* The name of a request in x-request-id and in the log. */
#ifndef NESTD_SERVER_EXCHANGE_REQUEST_ID_H
#define NESTD_SERVER_EXCHANGE_REQUEST_ID_H

enum { REQUEST_ID_MAX_BYTES = 128 };

/* The client's own ID (`given`; NULL: it sent none) if that is printable ASCII and not too long,
 * else 32 random hexadecimal digits. */
void request_id_choose(char ret_id[REQUEST_ID_MAX_BYTES + 1], const char *given);

#endif
