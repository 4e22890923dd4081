/* SPDX-License-Identifier: Apache-2.0 */

/* An office that sends each request to the server at --url, some at a time. For office.c. */
#ifndef NESTD_SERVER_BULK_OFFICE_REMOTE_H
#define NESTD_SERVER_BULK_OFFICE_REMOTE_H

#include "server/bulk/office.h"

struct office_remote;

/* As those of office.h. Nothing is asked yet. */
MUST_CHECK enum status office_remote_open(struct office_remote **ret_office,
                                          const struct options *options, struct error *error);
void office_remote_close(struct office_remote *office); /* NULL is allowed */
bool office_remote_knows(const char *path);
MUST_CHECK enum status office_remote_submit(struct office_remote *office, const char *path,
                                            struct slice body, struct answer *answer);

#endif
