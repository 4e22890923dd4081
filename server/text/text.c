/* SPDX-License-Identifier: Apache-2.0 */

#include "server/text/text.h"

#include "server/text/memory_budget.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_CAPACITY_BYTES = 256 };

void text_release(struct text *text)
{
    if (!text)
        return;
    free(text->bytes);
    memory_give(text->memory, text->capacity_bytes);
    *text = (struct text){.memory = text->memory};
}

bool text_failed(const struct text *text)
{
    return text->failed;
}

static bool fail(struct text *text)
{
    text->failed = true;
    return false;
}

bool text_set_capacity(struct text *text, size_t capacity_bytes)
{
    size_t more_bytes = capacity_bytes - text->capacity_bytes;
    char *bytes;

    if (text->failed)
        return false;
    if (capacity_bytes <= text->capacity_bytes)
        return true;
    if (!memory_take(text->memory, more_bytes))
        return fail(text);
    bytes = realloc(text->bytes, capacity_bytes);
    if (!bytes) {
        memory_give(text->memory, more_bytes);
        return fail(text);
    }
    text->bytes = bytes;
    text->capacity_bytes = capacity_bytes;
    return true;
}

char *text_reserve(struct text *text, size_t len_bytes)
{
    size_t needed_bytes, capacity_bytes;

    if (text->failed)
        return NULL;
    /* Half of the address space: pointers into the text can still be subtracted. */
    if (len_bytes > PTRDIFF_MAX - text->len_bytes) {
        fail(text);
        return NULL;
    }
    needed_bytes = text->len_bytes + len_bytes;
    if (text->bytes && needed_bytes <= text->capacity_bytes)
        return text->bytes + text->len_bytes;

    /* Doubling, so that a text made of many small appends is copied a bounded number of times. */
    capacity_bytes = text->capacity_bytes * 2;
    if (capacity_bytes < FIRST_CAPACITY_BYTES)
        capacity_bytes = FIRST_CAPACITY_BYTES;
    if (capacity_bytes < needed_bytes || capacity_bytes > PTRDIFF_MAX)
        capacity_bytes = needed_bytes;
    return text_set_capacity(text, capacity_bytes) ? text->bytes + text->len_bytes : NULL;
}

void text_append(struct text *text, const char *bytes, size_t len_bytes)
{
    char *to = text_reserve(text, len_bytes);

    if (!to || len_bytes == 0)
        return;
    memcpy(to, bytes, len_bytes);
    text->len_bytes += len_bytes;
}

void text_append_string(struct text *text, const char *string)
{
    text_append(text, string, strlen(string));
}

void text_appendf(struct text *text, const char *format, ...)
{
    va_list arguments;
    int len_bytes;
    char *to;

    va_start(arguments, format);
    len_bytes = vsnprintf(NULL, 0, format, arguments);
    va_end(arguments);
    if (len_bytes < 0) {
        fail(text);
        return;
    }
    to = text_reserve(text, (size_t)len_bytes + 1); /* vsnprintf ends with a NUL */
    if (!to)
        return;
    va_start(arguments, format);
    vsnprintf(to, (size_t)len_bytes + 1, format, arguments);
    va_end(arguments);
    text->len_bytes += (size_t)len_bytes;
}

/* RFC 8259 section 7: only these may not stand as they are. U+007F, U+2028 and U+2029 may. */
static bool needs_escape(unsigned char byte)
{
    return byte < 0x20 || byte == '"' || byte == '\\';
}

static void append_escape(struct text *text, unsigned char byte)
{
    switch (byte) {
    case '"':
        text_append(text, "\\\"", 2);
        break;
    case '\\':
        text_append(text, "\\\\", 2);
        break;
    case '\b':
        text_append(text, "\\b", 2);
        break;
    case '\f':
        text_append(text, "\\f", 2);
        break;
    case '\n':
        text_append(text, "\\n", 2);
        break;
    case '\r':
        text_append(text, "\\r", 2);
        break;
    case '\t':
        text_append(text, "\\t", 2);
        break;
    default:
        text_appendf(text, "\\u%04x", byte);
    }
}

void text_append_json_string(struct text *text, const char *bytes, size_t len_bytes)
{
    size_t plain_start = 0;

    text_append(text, "\"", 1);
    for (size_t i = 0; i < len_bytes; i++) {
        if (!needs_escape((unsigned char)bytes[i]))
            continue;
        text_append(text, bytes + plain_start, i - plain_start);
        append_escape(text, (unsigned char)bytes[i]);
        plain_start = i + 1;
    }
    /* bytes may be NULL where there are none. */
    if (plain_start < len_bytes)
        text_append(text, bytes + plain_start, len_bytes - plain_start);
    text_append(text, "\"", 1);
}

void text_append_json_or_null(struct text *text, const char *string)
{
    if (string)
        text_append_json_string(text, string, strlen(string));
    else
        text_append_string(text, "null");
}

size_t text_json_string_length(const char *bytes, size_t len_bytes)
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
