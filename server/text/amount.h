/* SPDX-License-Identifier: Apache-2.0 */

/* Amounts of bytes as a person reads them. Pure. */
#ifndef NESTD_SERVER_TEXT_AMOUNT_H
#define NESTD_SERVER_TEXT_AMOUNT_H

#include <stdint.h>

struct amount {
    char text[80];
};

/* "412 of 1,340 MB", of millions of bytes; "12 of 420 KB" where the whole is less than ten of them.
 */
struct amount amount_of(uint64_t n_bytes, uint64_t total_bytes);

/* "1,340 MB" */
struct amount amount_whole(uint64_t n_bytes);

#endif
