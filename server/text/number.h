/* SPDX-License-Identifier: Apache-2.0 */

/* Numbers as JSON text. Any thread; nothing can fail. No function writes a terminating NUL. */
#ifndef NESTD_SERVER_TEXT_NUMBER_H
#define NESTD_SERVER_TEXT_NUMBER_H

#include <stdint.h>

enum {
    NUMBER_FLOAT_BYTES = 24, /* room that number_write_float needs; the text itself is shorter */
    NUMBER_FLOAT_MAX_CHARS = 16, /* "-0.000012345678" with one digit more */
    NUMBER_U64_BYTES = 20,
    NUMBER_I64_BYTES = 20,
};

/* Writes the shortest decimal that reads back as the same float32, and of the shortest the one
 * nearest to x: 0.0341, -1.0, 123456790.0 where 1e-5 <= |x| < 1e9, else 1e-6, 3.4028235e38. Zeros
 * are 0.0 and -0.0. x must be finite. Returns the byte after the text. */
char *number_write_float(char *to, float x);

char *number_write_u64(char *to, uint64_t n);
char *number_write_i64(char *to, int64_t n);

#endif
