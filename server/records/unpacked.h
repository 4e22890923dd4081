/* SPDX-License-Identifier: Apache-2.0 */

/* The bytes of a file that may be compressed by gzip, which its first bytes tell. zlib's own gzread
 * takes whatever follows a member, such as one whose header is damaged, for the end of the file. For
 * reader.c. One owner, one thread. */
#ifndef NESTD_SERVER_RECORDS_UNPACKED_H
#define NESTD_SERVER_RECORDS_UNPACKED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <zlib.h>

enum { UNPACKED_RAW_BYTES = 64 << 10 };

struct unpacked {
    int descriptor;
    bool has_looked;
    bool is_gzip;
    bool in_member;
    bool is_padded;  /* zeros came after a member: nothing else may */
    uint64_t n_read; /* of the file, with what is in raw and not taken yet */
    z_stream stream; /* takes raw, compressed or not */
    unsigned char raw[UNPACKED_RAW_BYTES];
};

/* Takes the descriptor. The rest is zeroed by the caller. */
void unpacked_init(struct unpacked *unpacked, int descriptor);
void unpacked_release(struct unpacked *unpacked);

/* Up to max_bytes, at least 1, into `to`. 0: the end; -1: it cannot be read, for the reason in
 * *ret_problem, which lasts as long as the object. A read that a signal breaks off is not repeated. */
ssize_t unpacked_read(struct unpacked *unpacked, unsigned char *to, size_t max_bytes,
                      const char **ret_problem);

/* How many bytes of the file were needed so far. */
uint64_t unpacked_get_offset(const struct unpacked *unpacked);

#endif
