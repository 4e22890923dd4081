/* SPDX-License-Identifier: Apache-2.0 */
#include "server/records/unpacked.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { GZIP_WINDOW = 15 + 16 }; /* inflateInit2: gzip, and no other format */

void unpacked_init(struct unpacked *unpacked, int descriptor)
{
    unpacked->descriptor = descriptor;
}

void unpacked_release(struct unpacked *unpacked)
{
    if (unpacked->is_gzip)
        (void)inflateEnd(&unpacked->stream);
    close(unpacked->descriptor);
}

uint64_t unpacked_get_offset(const struct unpacked *unpacked)
{
    return unpacked->n_read - unpacked->stream.avail_in;
}

/* Adds to what is in raw, from whose beginning on nothing was taken: 0: nothing is left. */
static ssize_t fill(struct unpacked *unpacked, const char **ret_problem)
{
    const size_t n_kept = unpacked->stream.avail_in;
    ssize_t n = read(unpacked->descriptor, unpacked->raw + n_kept, UNPACKED_RAW_BYTES - n_kept);

    if (n < 0) {
        *ret_problem = strerror(errno);
        return n;
    }
    unpacked->n_read += (uint64_t)n;
    unpacked->stream.next_in = unpacked->raw;
    unpacked->stream.avail_in += (uInt)n;
    return n;
}

/* A member begins with 1f 8b. */
static ssize_t look(struct unpacked *unpacked, const char **ret_problem)
{
    const unsigned char *raw = unpacked->raw;
    ssize_t n = 1;

    while (n > 0 && unpacked->stream.avail_in < 2)
        n = fill(unpacked, ret_problem);
    if (n < 0)
        return n;
    unpacked->has_looked = true;
    if (unpacked->stream.avail_in < 2 || raw[0] != 0x1f || raw[1] != 0x8b)
        return 0;
    unpacked->is_gzip = inflateInit2(&unpacked->stream, GZIP_WINDOW) == Z_OK;
    unpacked->in_member = true;
    if (unpacked->is_gzip)
        return 0;
    *ret_problem = "not enough memory";
    return -1;
}

static ssize_t copy(struct unpacked *unpacked, unsigned char *to, size_t max_bytes,
                    const char **ret_problem)
{
    z_stream *stream = &unpacked->stream;
    size_t n;

    if (stream->avail_in == 0) {
        ssize_t n_filled = fill(unpacked, ret_problem);

        if (n_filled <= 0)
            return n_filled;
    }
    n = stream->avail_in < max_bytes ? stream->avail_in : max_bytes;
    memcpy(to, stream->next_in, n);
    stream->next_in += n;
    stream->avail_in -= (uInt)n;
    return (ssize_t)n;
}

/* Between members: another one, or zeros up to the end, as a tape's blocks are filled up. */
static bool begin_member(struct unpacked *unpacked)
{
    z_stream *stream = &unpacked->stream;

    while (stream->avail_in > 0 && *stream->next_in == 0) {
        stream->next_in++;
        stream->avail_in--;
        unpacked->is_padded = true;
    }
    if (stream->avail_in == 0)
        return true;
    unpacked->in_member =
        !unpacked->is_padded && *stream->next_in == 0x1f && inflateReset(stream) == Z_OK;
    return unpacked->in_member;
}

static ssize_t inflate_some(struct unpacked *unpacked, unsigned char *to, size_t max_bytes,
                            const char **ret_problem)
{
    z_stream *stream = &unpacked->stream;

    stream->next_out = to;
    stream->avail_out = (uInt)max_bytes;
    while (stream->avail_out == max_bytes) {
        int result;

        if (stream->avail_in == 0) {
            ssize_t n = fill(unpacked, ret_problem);

            if (n == 0 && unpacked->in_member) {
                *ret_problem = "the compressed data ends too early";
                return -1;
            }
            if (n <= 0)
                return n;
        }
        if (!unpacked->in_member && !begin_member(unpacked)) {
            *ret_problem = "what follows the compressed data is not compressed";
            return -1;
        }
        result = unpacked->in_member ? inflate(stream, Z_NO_FLUSH) : Z_OK;
        if (result == Z_STREAM_END) {
            unpacked->in_member = false;
        } else if (result != Z_OK && result != Z_BUF_ERROR) {
            *ret_problem = stream->msg ? stream->msg : "not enough memory";
            return -1;
        }
    }
    return (ssize_t)(max_bytes - stream->avail_out);
}

ssize_t unpacked_read(struct unpacked *unpacked, unsigned char *to, size_t max_bytes,
                      const char **ret_problem)
{
    if (!unpacked->has_looked && look(unpacked, ret_problem) < 0)
        return -1;
    if (unpacked->is_gzip)
        return inflate_some(unpacked, to, max_bytes, ret_problem);
    return copy(unpacked, to, max_bytes, ret_problem);
}
