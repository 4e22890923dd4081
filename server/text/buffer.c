/* SPDX-License-Identifier: Apache-2.0 */

#include "server/text/buffer.h"

#include "server/text/memory_budget.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY_BYTES = 256 };

void buffer_release(struct buffer *buffer)
{
    if (!buffer)
        return;
    free(buffer->bytes);
    memory_give(buffer->memory, buffer->capacity_bytes);
    *buffer = (struct buffer){.memory = buffer->memory};
}

bool buffer_failed(const struct buffer *buffer)
{
    return buffer->failed;
}

static bool fail(struct buffer *buffer)
{
    buffer->failed = true;
    return false;
}

bool buffer_set_capacity(struct buffer *buffer, size_t capacity_bytes)
{
    size_t more_bytes = capacity_bytes - buffer->capacity_bytes;
    char *bytes;

    if (buffer->failed)
        return false;
    if (capacity_bytes <= buffer->capacity_bytes)
        return true;
    if (!memory_take(buffer->memory, more_bytes))
        return fail(buffer);
    bytes = realloc(buffer->bytes, capacity_bytes);
    if (!bytes) {
        memory_give(buffer->memory, more_bytes);
        return fail(buffer);
    }
    buffer->bytes = bytes;
    buffer->capacity_bytes = capacity_bytes;
    return true;
}

char *buffer_reserve(struct buffer *buffer, size_t len_bytes)
{
    size_t needed_bytes, capacity_bytes;

    if (buffer->failed)
        return NULL;
    /* Half of the address space: pointers into the text can still be subtracted. */
    if (len_bytes > PTRDIFF_MAX - buffer->len_bytes) {
        fail(buffer);
        return NULL;
    }
    needed_bytes = buffer->len_bytes + len_bytes;
    if (buffer->bytes && needed_bytes <= buffer->capacity_bytes)
        return buffer->bytes + buffer->len_bytes;

    /* Doubling, so that a text made of many small appends is copied a bounded number of times. */
    capacity_bytes = buffer->capacity_bytes * 2;
    if (capacity_bytes < FIRST_CAPACITY_BYTES)
        capacity_bytes = FIRST_CAPACITY_BYTES;
    if (capacity_bytes < needed_bytes || capacity_bytes > PTRDIFF_MAX)
        capacity_bytes = needed_bytes;
    return buffer_set_capacity(buffer, capacity_bytes) ? buffer->bytes + buffer->len_bytes : NULL;
}

void buffer_append(struct buffer *buffer, const char *bytes, size_t len_bytes)
{
    char *to = buffer_reserve(buffer, len_bytes);

    if (!to || len_bytes == 0)
        return;
    memcpy(to, bytes, len_bytes);
    buffer->len_bytes += len_bytes;
}

void buffer_append_string(struct buffer *buffer, const char *string)
{
    buffer_append(buffer, string, strlen(string));
}

void buffer_appendf(struct buffer *buffer, const char *format, ...)
{
    va_list arguments;
    int len_bytes;
    char *to;

    va_start(arguments, format);
    len_bytes = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (len_bytes < 0) {
        fail(buffer);
        return;
    }
    to = buffer_reserve(buffer, (size_t)len_bytes + 1); /* vsnprintf ends with a NUL */
    if (!to)
        return;
    va_start(arguments, format);
    vsnprintf(to, (size_t)len_bytes + 1, format, arguments);
    va_end(arguments);
    buffer->len_bytes += (size_t)len_bytes;
}

/* RFC 8259 section 7: only these need an escape. U+007F, U+2028 and U+2029 do not. */
static bool needs_escape(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

static void append_escape(struct buffer *buffer, unsigned char byte)
{
    switch (byte) {
    case '"':
        buffer_append(buffer, "\\\"", 2);
        break;
    case '\\':
        buffer_append(buffer, "\\\\", 2);
        break;
    case '\b':
        buffer_append(buffer, "\\b", 2);
        break;
    case '\f':
        buffer_append(buffer, "\\f", 2);
        break;
    case '\n':
        buffer_append(buffer, "\\n", 2);
        break;
    case '\r':
        buffer_append(buffer, "\\r", 2);
        break;
    case '\t':
        buffer_append(buffer, "\\t", 2);
        break;
    default:
        buffer_appendf(buffer, "\\u%04x", byte);
    }
}

void buffer_append_json_string(struct buffer *buffer, const char *bytes, size_t len_bytes)
{
    size_t plain_start = 0;

    buffer_append(buffer, "\"", 1);
    for (size_t i = 0; i < len_bytes; i++) {
        if (!needs_escape((unsigned char)bytes[i]))
            continue;
        buffer_append(buffer, bytes + plain_start, i - plain_start);
        append_escape(buffer, (unsigned char)bytes[i]);
        plain_start = i + 1;
    }
    /* `bytes` may be NULL if len_bytes is 0. */
    if (plain_start < len_bytes)
        buffer_append(buffer, bytes + plain_start, len_bytes - plain_start);
    buffer_append(buffer, "\"", 1);
}

void buffer_append_json_or_null(struct buffer *buffer, const char *string)
{
    if (string)
        buffer_append_json_string(buffer, string, strlen(string));
    else
        buffer_append_string(buffer, "null");
}

size_t buffer_json_string_length(const char *bytes, size_t len_bytes)
{
    size_t n = 2;

    for (size_t i = 0; i < len_bytes; i++) {
        unsigned char byte = (unsigned char)bytes[i];

        if (!needs_escape(byte))
            n++;
        else
            n += byte == '"' || byte == '\\' || (byte && strchr("\b\f\n\r\t", byte)) ? 2 : 6;
    }
    return n;
}
