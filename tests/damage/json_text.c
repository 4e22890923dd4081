/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/damage/json_text.h"
#include "tests/damage/bytes.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_DEPTH = 200 };

struct scanner {
    const char *text; /* with a NUL behind */
    size_t at;
    size_t capacity;
    struct json_text *json;
};

static void skip_space(struct scanner *scanner)
{
    scanner->at += strspn(scanner->text + scanner->at, " \t\r\n");
}

static bool take(struct scanner *scanner, char c)
{
    skip_space(scanner);
    if (scanner->text[scanner->at] != c)
        return false;
    scanner->at++;
    return true;
}

static bool scan_string(struct scanner *scanner)
{
    if (!take(scanner, '"'))
        return false;
    for (; scanner->text[scanner->at] != '"'; scanner->at++) {
        if (scanner->text[scanner->at] == '\\')
            scanner->at++;
        if (scanner->text[scanner->at] == '\0')
            return false;
    }
    scanner->at++;
    return true;
}

static size_t add_value(struct scanner *scanner)
{
    struct json_text *json = scanner->json;

    if (json->n_values == scanner->capacity) {
        scanner->capacity = scanner->capacity ? 2 * scanner->capacity : 256;
        json->values = reallocarray(json->values, scanner->capacity, sizeof *json->values);
        if (!json->values)
            die("out of memory", "json_text");
    }
    json->values[json->n_values] = (struct json_value){0};
    return json->n_values++;
}

static bool scan_value(struct scanner *scanner, size_t value, size_t depth);

/* The values in an object or array, up to its end. */
static bool scan_children(struct scanner *scanner, size_t parent, bool has_keys, size_t depth)
{
    char end = has_keys ? '}' : ']';
    size_t last = 0;

    if (take(scanner, end))
        return true;
    do {
        size_t child = add_value(scanner);
        struct json_value *values = scanner->json->values;

        values[child].parent = parent;
        if (last)
            values[last].next = child;
        else
            values[parent].first_child = child;
        values[parent].n_children++;
        last = child;
        if (has_keys) {
            skip_space(scanner);
            values[child].key_start = scanner->at;
            if (!scan_string(scanner))
                return false;
            values[child].key_stop = scanner->at;
            if (!take(scanner, ':'))
                return false;
        }
        if (!scan_value(scanner, child, depth + 1))
            return false;
    } while (take(scanner, ','));
    return take(scanner, end);
}

static bool scan_value(struct scanner *scanner, size_t value, size_t depth)
{
    bool good;
    char c;

    skip_space(scanner);
    scanner->json->values[value].start = scanner->at;
    c = scanner->text[scanner->at];
    if (c == '{' || c == '[') {
        scanner->at++;
        good = depth < MAX_DEPTH && scan_children(scanner, value, c == '{', depth);
    } else if (c == '"') {
        good = scan_string(scanner);
    } else {
        size_t n = strcspn(scanner->text + scanner->at, " \t\r\n,:]}[{\"");

        scanner->at += n;
        good = n > 0;
    }
    scanner->json->values[value].stop = scanner->at;
    return good;
}

bool json_text_scan(struct json_text *ret_json, const char *text, size_t len)
{
    struct scanner scanner = {.text = text, .json = ret_json};

    *ret_json = (struct json_text){NULL, 0};
    if (!scan_value(&scanner, add_value(&scanner), 0))
        return false;
    skip_space(&scanner);
    return scanner.at == len;
}

void json_text_release(struct json_text *json)
{
    free(json->values);
    *json = (struct json_text){NULL, 0};
}
