/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/damage/bytes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void die(const char *reason, const char *of)
{
    fprintf(stderr, "damage: %s: %s\n", of, reason);
    exit(2);
}

void bytes_release(struct bytes *bytes)
{
    free(bytes->data);
    *bytes = (struct bytes){NULL, 0};
}

void bytes_splice(struct bytes *bytes, size_t start, size_t stop, const char *text, size_t len)
{
    size_t new_len = bytes->len - (stop - start) + len;
    char *data = malloc(new_len + 1);

    if (!data)
        die("out of memory", "splice");
    if (bytes->data) {
        memcpy(data, bytes->data, start);
        memcpy(data + start + len, bytes->data + stop, bytes->len - stop);
    }
    memcpy(data + start, text, len);
    data[new_len] = '\0';
    bytes_release(bytes);
    *bytes = (struct bytes){data, new_len};
}

struct bytes bytes_copy(const struct bytes *bytes)
{
    struct bytes copy = {NULL, 0};

    bytes_splice(&copy, 0, 0, bytes->data, bytes->len);
    return copy;
}

struct bytes bytes_read(const char *path)
{
    FILE *file = fopen(path, "rb");
    struct bytes bytes = {NULL, 0};
    char block[65536];
    size_t n;

    if (!file)
        die("cannot be read", path);
    bytes_splice(&bytes, 0, 0, "", 0);
    while ((n = fread(block, 1, sizeof block, file)) > 0)
        bytes_splice(&bytes, bytes.len, bytes.len, block, n);
    fclose(file);
    return bytes;
}

void bytes_write(const struct bytes *bytes, const char *path)
{
    FILE *file = fopen(path, "wb");

    if (!file || fwrite(bytes->data, 1, bytes->len, file) != bytes->len || fclose(file) != 0)
        die("cannot be written", path);
}
