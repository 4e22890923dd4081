/* SPDX-License-Identifier: Apache-2.0 */

#include "server/hub/wire/reply_header.h"

#include "server/text/slice.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* The line's value where its name is this one; else NULL bytes. */
static struct slice get_value(struct slice line, const char *name)
{
    size_t len = strlen(name);
    struct slice value = {0};

    if (line.len_bytes <= len || line.bytes[len] != ':' || strncasecmp(line.bytes, name, len) != 0)
        return value;
    value = (struct slice){line.bytes + len + 1, line.len_bytes - len - 1};
    while (value.len_bytes > 0 && isspace((unsigned char)value.bytes[0]))
        value = (struct slice){value.bytes + 1, value.len_bytes - 1};
    while (value.len_bytes > 0 && isspace((unsigned char)value.bytes[value.len_bytes - 1]))
        value.len_bytes--;
    return value;
}

/* What fits of it, without what a terminal would take for a command. */
static void copy_shown(struct slice value, char *to, size_t max_bytes)
{
    size_t n = value.len_bytes < max_bytes - 1 ? value.len_bytes : max_bytes - 1;

    for (size_t i = 0; i < n; i++) {
        unsigned char byte = (unsigned char)value.bytes[i];

        to[i] = byte < ' ' || byte > '~' ? '?' : (char)byte;
    }
    to[n] = '\0';
}

/* The digits that it begins with; more than `max` is max. */
static uint64_t read_number(struct slice text, uint64_t max)
{
    uint64_t number = 0;

    for (size_t i = 0; i < text.len_bytes && isdigit((unsigned char)text.bytes[i]); i++) {
        if (number > max / 10)
            return max;
        number = number * 10 + (uint64_t)(text.bytes[i] - '0');
    }
    return number < max ? number : max;
}

/* <https://hub/api/models/a/b/tree/main?recursive=true&cursor=Zm9v>; rel="next": of that only the
 * query, since who is asked is not the reply's to say. */
static void take_link(struct slice value, struct hub_reply *reply)
{
    const char *end = memchr(value.bytes, '>', value.len_bytes);
    const char *query = memchr(value.bytes, '?', value.len_bytes);
    size_t len;

    if (!end || !query || query > end ||
        !memmem(end, value.len_bytes - (size_t)(end - value.bytes), "next", 4))
        return;
    len = (size_t)(end - query - 1);
    if (len >= sizeof reply->next_query)
        return;
    memcpy(reply->next_query, query + 1, len);
    reply->next_query[len] = '\0';
    for (size_t i = 0; i < len; i++) {
        if (query[1 + i] <= ' ' || query[1 + i] > '~')
            reply->next_query[0] = '\0';
    }
}

/* "HTTP/1.1 206 Partial Content" */
static bool take_status(struct slice line, struct hub_reply *reply)
{
    const char *space;

    if (line.len_bytes < 5 || memcmp(line.bytes, "HTTP/", 5) != 0)
        return false;
    space = memchr(line.bytes, ' ', line.len_bytes);
    *reply = (struct hub_reply){0};
    if (space)
        reply->status = (long)read_number(
            (struct slice){space + 1, line.len_bytes - (size_t)(space + 1 - line.bytes)}, 999);
    return true;
}

void hub_reply_add_header(struct hub_reply *reply, const char *line, size_t len_bytes)
{
    const struct slice given = {line, len_bytes};
    struct slice value;

    if (take_status(given, reply))
        return;
    value = get_value(given, "X-Error-Code");
    if (value.bytes)
        copy_shown(value, reply->error_code, sizeof reply->error_code);
    value = get_value(given, "X-Error-Message");
    if (value.bytes)
        copy_shown(value, reply->error_message, sizeof reply->error_message);
    value = get_value(given, "Retry-After");
    if (value.bytes)
        reply->retry_after_s = (unsigned)read_number(value, 86400);
    value = get_value(given, "Content-Range");
    if (value.len_bytes > 6 && strncasecmp(value.bytes, "bytes ", 6) == 0)
        reply->range_start =
            read_number((struct slice){value.bytes + 6, value.len_bytes - 6}, UINT64_MAX / 2);
    value = get_value(given, "Link");
    if (value.bytes && value.len_bytes > 0)
        take_link(value, reply);
}
