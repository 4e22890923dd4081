/* SPDX-License-Identifier: Apache-2.0 */

#include "server/auth/key_file.h"

#include "server/text/slice.h"

#include <string.h>
#include <time.h>

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* Cuts the next word off the line; an empty one at its end. */
static struct slice take_word(struct slice *line)
{
    struct slice word;

    while (line->len_bytes > 0 && is_blank(line->bytes[0]))
        *line = (struct slice){line->bytes + 1, line->len_bytes - 1};
    word = (struct slice){line->bytes, 0};
    while (word.len_bytes < line->len_bytes && !is_blank(line->bytes[word.len_bytes]))
        word.len_bytes++;
    *line = (struct slice){line->bytes + word.len_bytes, line->len_bytes - word.len_bytes};
    return word;
}

/* Cuts the next line off the text, without what ends it. */
static struct slice take_line(struct slice *text)
{
    const char *newline = memchr(text->bytes, '\n', text->len_bytes);
    struct slice line = {text->bytes, newline ? (size_t)(newline - text->bytes) : text->len_bytes};
    size_t n_taken = line.len_bytes + (newline != NULL);

    *text = (struct slice){text->bytes + n_taken, text->len_bytes - n_taken};
    if (line.len_bytes > 0 && line.bytes[line.len_bytes - 1] == '\r')
        line.len_bytes--;
    return line;
}

static int parse_digits(const char *digits, size_t n_digits)
{
    int number = 0;

    for (size_t i = 0; i < n_digits; i++)
        number = number * 10 + (digits[i] - '0');
    return number;
}

/* "2027-01-31T12:00:00Z" and no other way of writing a time. */
static bool parse_time(struct slice word, int64_t *ret_time_s)
{
    static const char pattern[] = "dddd-dd-ddTdd:dd:ddZ";
    const char *c = word.bytes;
    struct tm given = {0}, normal;
    time_t time_s;

    if (word.len_bytes != sizeof pattern - 1)
        return false;
    for (size_t i = 0; i < word.len_bytes; i++) {
        if (pattern[i] == 'd' ? c[i] < '0' || c[i] > '9' : c[i] != pattern[i])
            return false;
    }
    given.tm_year = parse_digits(c, 4) - 1900;
    given.tm_mon = parse_digits(c + 5, 2) - 1;
    given.tm_mday = parse_digits(c + 8, 2);
    given.tm_hour = parse_digits(c + 11, 2);
    given.tm_min = parse_digits(c + 14, 2);
    given.tm_sec = parse_digits(c + 17, 2);
    normal = given;
    time_s = timegm(&normal);
    /* timegm turns a 29 February that does not exist into 1 March, which is not what was meant. */
    if (normal.tm_mon != given.tm_mon || normal.tm_mday != given.tm_mday ||
        normal.tm_hour != given.tm_hour || normal.tm_min != given.tm_min ||
        normal.tm_sec != given.tm_sec)
        return false;
    *ret_time_s = time_s;
    return true;
}

static enum status parse_line(struct slice line, struct key_list *list, struct error *error)
{
    struct slice key = take_word(&line);
    struct slice expiry = take_word(&line);
    int64_t expires_s = KEY_NEVER_EXPIRES;

    if (key.len_bytes == 0 || key.bytes[0] == '#')
        return STATUS_OK;
    if (expiry.len_bytes > 0 && !parse_time(expiry, &expires_s))
        return error_set(error, STATUS_INVALID,
                         "after the key, expected nothing or a time in UTC such as "
                         "2027-01-31T12:00:00Z");
    if (take_word(&line).len_bytes > 0)
        return error_set(error, STATUS_INVALID, "expected nothing after the time");
    return key_list_add(list, key.bytes, key.len_bytes, expires_s, error);
}

enum status key_file_parse(const char *name, const char *text, size_t len_bytes,
                           struct key_list *list, struct error *error)
{
    struct slice rest = {text, len_bytes};

    for (size_t line = 1; rest.len_bytes > 0; line++) {
        struct error reason = {0};
        enum status status = parse_line(take_line(&rest), list, &reason);

        if (status)
            return error_set(error, status, "%s:%zu: %s", name, line, reason.text);
    }
    return STATUS_OK;
}
