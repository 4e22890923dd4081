/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/damage/mutate.h"
#include "tests/damage/json_text.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CHANGES = 3, MAX_RANGE = 40, NESTING = 100000 };

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ---- any bytes ---- */

void mutate_bytes(struct bytes *bytes, struct random *random)
{
    size_t at = random_below(random, bytes->len + 1);
    size_t stop = at + smaller(random_below(random, MAX_RANGE), bytes->len - at);
    char byte = (char)random_next(random);
    size_t from;
    char *part;

    switch (random_below(random, 5)) {
    case 0:
        bytes_splice(bytes, at, bytes->len, "", 0);
        break;
    case 1:
        bytes_splice(bytes, at, stop, "", 0);
        break;
    case 2:
        bytes_splice(bytes, at, at, &byte, 1);
        break;
    case 3:
        if (at < bytes->len)
            bytes->data[at] ^= (char)(1 << random_below(random, 8));
        break;
    default:
        from = random_below(random, bytes->len + 1);
        part = strndup(bytes->data + at, stop - at);
        if (part)
            bytes_splice(bytes, from, from, part, strlen(part));
        free(part);
    }
}

/* ---- JSON ---- */

static const char *const odd_values[] = {
    "0",
    "1",
    "-1",
    "2",
    "3",
    "7",
    "255",
    "65536",
    "2147483647",
    "2147483648",
    "4294967295",
    "4294967296",
    "9223372036854775807",
    "9223372036854775808",
    "-9223372036854775808",
    "0.5",
    "-0.0",
    "1e-320",
    "1e300",
    "-1e300",
    "1e999",
    "NaN",
    "true",
    "false",
    "null",
    "\"\"",
    "\"x\"",
    "\"\\u0000\"",
    "\"a\\u0000b\"",
    "\"\\ud800\"",
    "\"\xff\"",
    "\"\xf0\x9f\x98\x80\"",
    "\"\xe2\x96\x81\"",
    "\"##\"",
    "\"../../x\"",
    "\"(\"",
    "\"(a*)*b\"",
    "\"[\"",
    "\"<0x41>\"",
    "\"<unk>\"",
    "[]",
    "{}",
    "[[]]",
    "[0]",
    "[-1]",
    "[\"\"]",
    "[null]",
    "{\"\":0}",
    "{\"type\":\"\"}",
    "[[\"\",0]]",
};
enum { N_ODD_VALUES = sizeof odd_values / sizeof *odd_values };

/* A value other than the whole: down from it, each child as likely, and seldom one with others in it. */
static size_t choose_value(const struct json_text *json, struct random *random)
{
    size_t at = 0;

    while (json->values[at].n_children > 0 && (at == 0 || random_below(random, 8) > 0)) {
        size_t n = random_below(random, json->values[at].n_children);

        for (at = json->values[at].first_child; n > 0; n--)
            at = json->values[at].next;
    }
    return at;
}

static void replace_by_deep(struct bytes *bytes, const struct json_value *value)
{
    char *deep = malloc(NESTING);

    if (!deep)
        die("out of memory", "mutate");
    memset(deep, '[', NESTING);
    bytes_splice(bytes, value->start, value->stop, deep, NESTING);
    free(deep);
}

/* Replaces [start, stop) by what is at [from, to) of the same bytes, with a comma behind or not. */
static void copy_within(struct bytes *bytes, size_t start, size_t stop, size_t from, size_t to,
                        bool comma)
{
    struct bytes part = {NULL, 0};

    bytes_splice(&part, 0, 0, bytes->data + from, to - from);
    if (comma)
        bytes_splice(&part, part.len, part.len, ",", 1);
    bytes_splice(bytes, start, stop, part.data, part.len);
    bytes_release(&part);
}

/* A member or element with the comma that stands behind it or before it. */
static void remove_value(struct bytes *bytes, const struct json_text *json,
                         const struct json_value *value)
{
    const struct json_value *parent = &json->values[value->parent];
    size_t start = value->key_stop ? value->key_start : value->start;
    size_t stop = value->stop;

    if (value->next) {
        const struct json_value *next = &json->values[value->next];

        stop = next->key_stop ? next->key_start : next->start;
    } else if (parent->n_children > 1) {
        while (bytes->data[start] != ',')
            start--;
    }
    bytes_splice(bytes, start, stop, "", 0);
}

static void mutate_inside(struct bytes *bytes, const struct json_value *value,
                          struct random *random)
{
    struct bytes part = {NULL, 0};

    bytes_splice(&part, 0, 0, bytes->data + value->start, value->stop - value->start);
    mutate_bytes(&part, random);
    bytes_splice(bytes, value->start, value->stop, part.data, part.len);
    bytes_release(&part);
}

static void mutate_value(struct bytes *bytes, const struct json_text *json, struct random *random)
{
    const struct json_value *value = &json->values[choose_value(json, random)];
    const struct json_value *other = &json->values[choose_value(json, random)];
    size_t start = value->key_stop ? value->key_start : value->start;
    const char *odd = odd_values[random_below(random, N_ODD_VALUES)];
    size_t kind = value == json->values ? 0 : random_below(random, 24);

    if (kind < 9)
        bytes_splice(bytes, value->start, value->stop, odd, strlen(odd));
    else if (kind < 13)
        copy_within(bytes, value->start, value->stop, other->start, other->stop, false);
    else if (kind < 16)
        remove_value(bytes, json, value);
    else if (kind < 18)
        copy_within(bytes, start, start, start, value->stop, true);
    else if (kind < 20 && value->key_stop && other->key_stop)
        copy_within(bytes, value->key_start, value->key_stop, other->key_start, other->key_stop,
                    false);
    else if (kind == 20 && random_below(random, 8) == 0)
        replace_by_deep(bytes, value);
    else
        mutate_inside(bytes, value, random);
}

void mutate_json(struct bytes *bytes, struct random *random)
{
    size_t n = random_below(random, 2) ? 1 : 1 + random_below(random, MAX_CHANGES);

    if (random_below(random, 12) == 0) {
        mutate_bytes(bytes, random);
        return;
    }
    for (; n > 0; n--) {
        struct json_text json;

        if (json_text_scan(&json, bytes->data, bytes->len))
            mutate_value(bytes, &json, random);
        json_text_release(&json);
    }
}

/* ---- safetensors: eight bytes with the header's length, the header in JSON, the numbers ---- */

static void write_length(struct bytes *bytes, uint64_t length)
{
    for (size_t i = 0; i < 8; i++)
        bytes->data[i] = (char)(length >> (8 * i));
}

static void mutate_header(struct bytes *bytes, size_t header_bytes, struct random *random)
{
    struct bytes header = {NULL, 0};

    bytes_splice(&header, 0, 0, bytes->data + 8, header_bytes);
    mutate_json(&header, random);
    bytes_splice(bytes, 8, 8 + header_bytes, header.data, header.len);
    write_length(bytes, header.len);
    bytes_release(&header);
}

static void mutate_length(struct bytes *bytes, size_t header_bytes, struct random *random)
{
    const uint64_t lengths[] = {
        0,
        1,
        header_bytes - 1,
        header_bytes + 1,
        bytes->len,
        bytes->len - 8,
        1ull << 31,
        1ull << 63,
        UINT64_MAX,
        UINT64_MAX - 7,
        100000001,
        random_below(random, bytes->len),
    };

    write_length(bytes, lengths[random_below(random, sizeof lengths / sizeof *lengths)]);
}

/* Infinities, values that are not numbers, and large ones: some of them, or all of the file. */
static void mutate_numbers(struct bytes *bytes, size_t start, struct random *random)
{
    static const char odd[][5] = {"\xff\xff\xff\xff", "\x80\x7f\x80\x7f", "\xff\x7f\x7f\x7f",
                                  "\x01\x01\x01\x01", "\x80\xff\x80\xff", "\0\0\0\0"};
    const char *value = odd[random_below(random, sizeof odd / sizeof *odd)];
    size_t step = 4 << (2 * random_below(random, 6));

    start += 4 * random_below(random, (bytes->len - start) / 4 + 1);
    for (size_t at = start; at + 4 <= bytes->len; at += step)
        memcpy(bytes->data + at, value, 4);
}

void mutate_safetensors(struct bytes *bytes, struct random *random)
{
    size_t header_bytes = 0;

    for (size_t i = 0; i < 8 && i < bytes->len; i++)
        header_bytes |= (size_t)(unsigned char)bytes->data[i] << (8 * i);
    if (bytes->len < 8 || header_bytes > bytes->len - 8) {
        mutate_bytes(bytes, random);
        return;
    }
    switch (random_below(random, 10)) {
    case 0:
        mutate_bytes(bytes, random);
        break;
    case 1:
        mutate_length(bytes, header_bytes, random);
        break;
    case 2:
    case 3:
        mutate_numbers(bytes, 8 + header_bytes, random);
        break;
    default:
        mutate_header(bytes, header_bytes, random);
    }
}

static bool ends_with(const char *name, const char *end)
{
    size_t len = strlen(name);

    return len >= strlen(end) && strcmp(name + len - strlen(end), end) == 0;
}

void mutate_file(struct bytes *bytes, const char *name, struct random *random)
{
    if (ends_with(name, ".safetensors"))
        mutate_safetensors(bytes, random);
    else if (ends_with(name, ".json"))
        mutate_json(bytes, random);
    else
        mutate_bytes(bytes, random);
}
