/* SPDX-License-Identifier: Apache-2.0 */

/* Strict: the whole text is read, with no spaces, signs, exponents, other bases or locale, and a
 * number too large for its type is refused like any that is out of range. */
#include "config/option.h"
#include "config/option_value.h"
#include "config/options.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A block of memory that belongs to the options; all are freed together. */
struct option_storage {
    struct option_storage *next;
    max_align_t bytes[];
};

static void *allocate(struct options *options, size_t len_bytes)
{
    struct option_storage *block;

    if (len_bytes > SIZE_MAX - sizeof(*block))
        return NULL;
    block = malloc(sizeof(*block) + len_bytes);
    if (!block)
        return NULL;
    block->next = options->storage;
    options->storage = block;
    return block->bytes;
}

void option_values_release(struct options *options)
{
    while (options->storage) {
        struct option_storage *block = options->storage;

        options->storage = block->next;
        free(block);
    }
}

static const char *copy_text(struct options *options, const char *text, size_t len_bytes)
{
    char *copy = allocate(options, len_bytes + 1);

    if (!copy)
        return NULL;
    memcpy(copy, text, len_bytes);
    copy[len_bytes] = '\0';
    return copy;
}

/* The length in bytes of the UTF-8 character that `text` starts with; 0 if it is not one. Safe at
 * the end of `text`: the NUL there continues no character. */
static size_t measure_character(const unsigned char *text)
{
    static const uint32_t min_of_length[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = text[0] < 0x80 ? 1 : text[0] >> 5 == 6 ? 2 : text[0] >> 4 == 14 ? 3 : 4;
    uint32_t character = n == 1 ? text[0] : text[0] & (0x7f >> n);

    if (n == 4 && text[0] >> 3 != 30)
        return 0;
    for (size_t i = 1; i < n; i++) {
        if (text[i] >> 6 != 2)
            return 0;
        character = character << 6 | (text[i] & 0x3f);
    }
    if (character < min_of_length[n] || character > 0x10ffff ||
        (character >= 0xd800 && character <= 0xdfff))
        return 0;
    return n;
}

static bool is_utf8(const char *text)
{
    size_t n;

    for (; *text; text += n) {
        n = measure_character((const unsigned char *)text);
        if (n == 0)
            return false;
    }
    return true;
}

/* Reads one digit or more; *text is then what follows. */
static bool parse_digits(const char **text, int64_t *ret_number)
{
    int64_t number = 0;

    if (**text < '0' || **text > '9')
        return false;
    for (; **text >= '0' && **text <= '9'; (*text)++)
        if (__builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, **text - '0', &number))
            return false;
    *ret_number = number;
    return true;
}

static bool parse_number(const char *text, int64_t *ret_number)
{
    return parse_digits(&text, ret_number) && *text == '\0';
}

static bool parse_bytes(const char *text, int64_t *ret_bytes)
{
    static const struct {
        const char *suffix;
        int64_t factor;
    } units[] = {{"", 1}, {"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}};
    int64_t number;

    if (!parse_digits(&text, &number))
        return false;
    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++)
        if (strcmp(text, units[i].suffix) == 0)
            return !__builtin_mul_overflow(number, units[i].factor, ret_bytes);
    return false;
}

/* Digits past the ninth after the point are checked but do not count: a nanosecond is enough. */
static bool parse_seconds(const char *text, double *ret_seconds)
{
    int64_t whole, fraction = 0, scale = 1;

    if (!parse_digits(&text, &whole))
        return false;
    if (*text == '.') {
        text++;
        if (*text == '\0')
            return false;
        for (; *text >= '0' && *text <= '9'; text++) {
            if (scale == 1000000000)
                continue;
            scale *= 10;
            fraction = fraction * 10 + (*text - '0');
        }
    }
    if (*text != '\0')
        return false;
    *ret_seconds = (double)whole + (double)fraction / (double)scale;
    return true;
}

static bool parse_switch(const char *text, bool *ret_on)
{
    const bool on = strcmp(text, "true") == 0;

    if (!on && strcmp(text, "false") != 0)
        return false;
    *ret_on = on;
    return true;
}

/* Is `text` one of the words that '|' separates? */
static bool is_choice(const char *words, const char *text)
{
    const size_t len_bytes = strlen(text);

    for (;;) {
        const char *const end = strchrnul(words, '|');

        if ((size_t)(end - words) == len_bytes && memcmp(words, text, len_bytes) == 0)
            return true;
        if (*end == '\0')
            return false;
        words = end + 1;
    }
}

static enum option_result set_text(const char *text, struct options *options, const char **field)
{
    const char *copy;

    if (*text == '\0' || !is_utf8(text))
        return OPTION_REFUSED;
    copy = copy_text(options, text, strlen(text));
    if (!copy)
        return OPTION_NO_MEMORY;
    *field = copy;
    return OPTION_SET;
}

static size_t count_parts(const char *text)
{
    size_t n = 1;

    for (; *text; text++)
        n += *text == ',';
    return n;
}

/* The n_values at `values` and room for n_new behind them. */
static void *grow(struct options *options, const void *values, size_t n_values, size_t n_new,
                  size_t value_bytes)
{
    void *const grown = allocate(options, (n_values + n_new) * value_bytes);

    if (grown && n_values > 0)
        memcpy(grown, values, n_values * value_bytes);
    return grown;
}

static enum option_result append_list(const char *text, struct options *options,
                                      struct option_list *field)
{
    size_t n_new = count_parts(text), n_values = field->n_values;
    const char **values;

    if (!is_utf8(text) || n_new > OPTIONS_MAX_VALUES - n_values)
        return OPTION_REFUSED;
    values = grow(options, field->values, n_values, n_new, sizeof(*values));
    if (!values)
        return OPTION_NO_MEMORY;

    for (; n_new > 0; n_new--) {
        const char *const end = strchrnul(text, ',');

        if (end == text)
            return OPTION_REFUSED;
        values[n_values] = copy_text(options, text, (size_t)(end - text));
        if (!values[n_values])
            return OPTION_NO_MEMORY;
        n_values++;
        text = end + 1;
    }
    *field = (struct option_list){.values = values, .n_values = n_values};
    return OPTION_SET;
}

static enum option_result append_numbers(const struct option *option, const char *text,
                                         struct options *options, struct option_numbers *field)
{
    const size_t n_new = count_parts(text);
    size_t n_values = field->n_values;
    int64_t *values;

    if (n_new > OPTIONS_MAX_VALUES - n_values)
        return OPTION_REFUSED;
    values = grow(options, field->values, n_values, n_new, sizeof(*values));
    if (!values)
        return OPTION_NO_MEMORY;
    for (size_t i = 0; i < n_new; i++) {
        int64_t number;

        if (!parse_digits(&text, &number) || *text != (i + 1 < n_new ? ',' : '\0') ||
            number < option->min || number > option->max)
            return OPTION_REFUSED;
        values[n_values++] = number;
        text++;
    }
    *field = (struct option_numbers){.values = values, .n_values = n_values};
    return OPTION_SET;
}

static enum option_result set_integer(const struct option *option, bool parsed, int64_t number,
                                      int64_t *field)
{
    if (!parsed || number < option->min || number > option->max)
        return OPTION_REFUSED;
    *field = number;
    return OPTION_SET;
}

enum option_result option_set(const struct option *option, const char *text,
                              struct options *options)
{
    void *const field = (char *)options + option->offset;
    int64_t number = 0;
    double seconds;
    bool parsed;

    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_SECRET:
        return set_text(text, options, field);
    case OPTION_LIST:
        return append_list(text, options, field);
    case OPTION_NUMBERS:
        return append_numbers(option, text, options, field);
    case OPTION_NUMBER:
        parsed = parse_number(text, &number);
        return set_integer(option, parsed, number, field);
    case OPTION_BYTES:
        parsed = parse_bytes(text, &number);
        return set_integer(option, parsed, number, field);
    case OPTION_SECONDS:
        if (!parse_seconds(text, &seconds) || seconds < (double)option->min ||
            seconds > (double)option->max)
            return OPTION_REFUSED;
        *(double *)field = seconds;
        return OPTION_SET;
    case OPTION_SWITCH:
        return parse_switch(text, field) ? OPTION_SET : OPTION_REFUSED;
    case OPTION_CHOICE:
        return is_choice(option->argument, text) ? set_text(text, options, field) : OPTION_REFUSED;
    }
    return OPTION_REFUSED;
}

void option_clear_list(const struct option *option, struct options *options)
{
    void *const field = (char *)options + option->offset;

    if (option->type == OPTION_NUMBERS)
        *(struct option_numbers *)field = (struct option_numbers){0};
    else
        *(struct option_list *)field = (struct option_list){0};
}
