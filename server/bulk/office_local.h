/* SPDX-License-Identifier: Apache-2.0 */

/* An office with the model in the process. For office.c. */
#ifndef NESTD_SERVER_BULK_OFFICE_LOCAL_H
#define NESTD_SERVER_BULK_OFFICE_LOCAL_H

#include "server/bulk/office.h"

struct office_local;

/* As those of office.h. What *ret_info points at lasts as long as the office. */
MUST_CHECK enum status office_local_open(struct office_local **ret_office,
                                         const struct options *options,
                                         struct office_info *ret_info, struct error *error);
void office_local_close(struct office_local *office); /* NULL is allowed */
bool office_local_knows(const struct office_local *office, const char *path);
MUST_CHECK enum status office_local_submit(struct office_local *office, const char *path,
                                           struct slice body, struct answer *answer);

#endif
