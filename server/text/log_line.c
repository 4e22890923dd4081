/* SPDX-License-Identifier: Apache-2.0 */
#include "server/text/log_line.h"

#include "server/text/utf8.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum {
    END_BYTES = 3, /* kept free: the message's last quote, "}" and the newline */
    LONGEST_ESCAPE_BYTES = 6,
};

/* Appends everything, or nothing; then it returns false. */
static bool append(struct log_line *line, const char *bytes, size_t len)
{
    if (line->len + len > sizeof line->bytes - END_BYTES)
        return false;
    memcpy(line->bytes + line->len, bytes, len);
    line->len += len;
    return true;
}

static bool append_string(struct log_line *line, const char *string)
{
    return append(line, string, strlen(string));
}

/* C0, DEL and C1: characters that a terminal may act on. */
static bool is_control(const unsigned char *s)
{
    return s[0] < 0x20 || s[0] == 0x7f || (s[0] == 0xc2 && s[1] < 0xa0);
}

/* Appends one character, and sets *ret_len to its length in `bytes`. */
static bool append_character(struct log_line *line, const char *bytes, size_t n, bool quoted,
                             size_t *ret_len)
{
    const unsigned char *s = (const unsigned char *)bytes;
    size_t len = utf8_character_size(bytes, n);
    char escape[LONGEST_ESCAPE_BYTES + 1];

    *ret_len = len ? len : 1;
    if (len == 0)
        return append_string(line, "\\ufffd");
    if (is_control(s)) {
        snprintf(escape, sizeof escape, "\\u%04x", s[len - 1]);
        return append_string(line, escape);
    }
    if (quoted && (s[0] == '"' || s[0] == '\\')) {
        escape[0] = '\\';
        escape[1] = bytes[0];
        return append(line, escape, 2);
    }
    return append(line, bytes, len);
}

/* False if the text was cut, which happens between two characters. */
static bool append_text(struct log_line *line, const char *text, bool quoted)
{
    size_t n = strlen(text);

    for (size_t i = 0, len; i < n; i += len) {
        if (!append_character(line, text + i, n - i, quoted, &len))
            return false;
    }
    return true;
}

static void append_time(struct log_line *line, struct timespec now)
{
    char text[40]; /* "2026-11-23T10:00:00.123Z" */
    struct tm utc;
    size_t len;

    gmtime_r(&now.tv_sec, &utc);
    len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + len, sizeof text - len, ".%03ldZ", now.tv_nsec / 1000000);
    append_string(line, text);
}

void log_line_begin(struct log_line *line, bool is_json, struct timespec now, const char *level,
                    const char *message)
{
    line->len = 0;
    line->is_json = is_json;
    append_string(line, is_json ? "{\"timestamp\":\"" : "");
    append_time(line, now);
    if (!is_json) {
        char padded[16];

        snprintf(padded, sizeof padded, " %-7s ", level);
        append_string(line, padded);
        append_text(line, message, false);
        return;
    }
    append_string(line, "\",\"level\":\"");
    append_string(line, level);
    append_string(line, "\",\"message\":\"");
    append_text(line, message, true);
    line->bytes[line->len++] = '"';
}

static bool append_name(struct log_line *line, const char *name)
{
    return append_string(line, line->is_json ? ",\"" : " ") && append_string(line, name) &&
           append_string(line, line->is_json ? "\":" : "=");
}

/* In text output, a value that is one word has no quotes. */
static bool is_word(const char *value)
{
    static const char word[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-_./:";

    return *value && value[strspn(value, word)] == '\0';
}

void log_line_add_string(struct log_line *line, const char *name, const char *value)
{
    size_t before = line->len;
    bool quoted;

    if (!value)
        return;
    quoted = line->is_json || !is_word(value);
    if (!append_name(line, name) || !append_string(line, quoted ? "\"" : "") ||
        !append_text(line, value, quoted) || !append_string(line, quoted ? "\"" : ""))
        line->len = before;
}

static void add_plain(struct log_line *line, const char *name, const char *value)
{
    size_t before = line->len;

    if (!append_name(line, name) || !append_string(line, value))
        line->len = before;
}

void log_line_add_number(struct log_line *line, const char *name, uint64_t value)
{
    char text[24];

    snprintf(text, sizeof text, "%" PRIu64, value);
    add_plain(line, name, text);
}

void log_line_add_ms(struct log_line *line, const char *name, int64_t duration_us)
{
    char text[32];

    if (duration_us < 0)
        duration_us = 0;
    snprintf(text, sizeof text, "%" PRId64 ".%03d", duration_us / 1000, (int)(duration_us % 1000));
    add_plain(line, name, text);
}

void log_line_end(struct log_line *line)
{
    if (line->is_json)
        line->bytes[line->len++] = '}';
    line->bytes[line->len++] = '\n';
}
