/* SPDX-License-Identifier: Apache-2.0 */

#include "config/foreign.h"
#include "config/option.h"
#include "config/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { MAX_SLIPS = 2 };

struct option_name option_spell(const struct option *option, enum option_source source)
{
    return source == OPTION_SOURCE_TEI ? foreign_spell_variable(option)
                                       : option_spell_field(option->field, source);
}

const struct option *option_find(enum option_source source, const char *name, size_t len_bytes)
{
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option_name spelt = option_spell(&option_table[i], source);

        if (strlen(spelt.text) == len_bytes && memcmp(spelt.text, name, len_bytes) == 0)
            return &option_table[i];
    }
    return NULL;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Characters to insert, leave out or exchange to make one of the other (Levenshtein); both shorter
 * than an option_name. */
static size_t count_slips(const char *a, size_t len_a, const char *b, size_t len_b)
{
    size_t row[sizeof(struct option_name)]; /* row[j]: from a's first i to b's first j */

    for (size_t j = 0; j <= len_b; j++)
        row[j] = j;
    for (size_t i = 1; i <= len_a; i++) {
        size_t above_left = row[0];

        row[0] = i;
        for (size_t j = 1; j <= len_b; j++) {
            const size_t above = row[j];

            row[j] = smaller(above_left + (a[i - 1] != b[j - 1]), smaller(above, row[j - 1]) + 1);
            above_left = above;
        }
    }
    return row[len_b];
}

const struct option *option_find_nearest(enum options_command command, enum option_source source,
                                         const char *name, size_t len_bytes)
{
    const struct option *nearest = NULL;
    size_t min_slips = MAX_SLIPS + 1;

    if (len_bytes >= sizeof(struct option_name))
        return NULL;
    for (size_t i = 0; i < N_OPTIONS; i++) {
        const struct option_name spelt = option_spell(&option_table[i], source);
        const size_t n_slips = count_slips(name, len_bytes, spelt.text, strlen(spelt.text));

        if (n_slips < min_slips && option_is_of(&option_table[i], command)) {
            min_slips = n_slips;
            nearest = &option_table[i];
        }
    }
    return nearest;
}

struct option_owners option_name_owners(const struct option *option)
{
    struct option_owners owners = {""};

    for (enum options_command command = 0; command < N_OPTIONS_COMMANDS; command++) {
        const size_t len_bytes = strlen(owners.text);

        if (option_is_of(option, command))
            snprintf(owners.text + len_bytes, sizeof(owners.text) - len_bytes, "%snestd %s",
                     len_bytes > 0 ? " and " : "", options_command_name(command));
    }
    return owners;
}

struct option_limit option_format_limit(const struct option *option, int64_t limit)
{
    static const char *const units[] = {"", "KiB", "MiB", "GiB"};
    struct option_limit text;
    size_t unit = 0;

    if (option->type == OPTION_BYTES)
        for (; limit > 0 && limit % 1024 == 0 && unit < 3; unit++)
            limit /= 1024;
    snprintf(text.text, sizeof(text.text), "%" PRId64 "%s", limit, units[unit]);
    return text;
}

struct option_expected option_expect(const struct option *option)
{
    const struct option_limit min = option_format_limit(option, option->min);
    const struct option_limit max = option_format_limit(option, option->max);
    struct option_expected expected;
    char *const to = expected.text;
    const size_t size = sizeof(expected.text);

    switch (option->type) {
    case OPTION_TEXT:
    case OPTION_SECRET:
        snprintf(to, size, "text in UTF-8, not empty");
        break;
    case OPTION_LIST:
        snprintf(to, size, "at most %d values in UTF-8, none empty, split by commas",
                 OPTIONS_MAX_VALUES);
        break;
    case OPTION_NUMBERS:
        snprintf(to, size, "at most %d whole numbers from %s to %s, split by commas",
                 OPTIONS_MAX_VALUES, min.text, max.text);
        break;
    case OPTION_NUMBER:
        snprintf(to, size, "a whole number from %s to %s", min.text, max.text);
        break;
    case OPTION_BYTES:
        snprintf(to, size, "bytes from %s to %s, such as 65536, 64KiB or 1MiB", min.text, max.text);
        break;
    case OPTION_SECONDS:
        snprintf(to, size, "seconds from %s to %s, such as 2 or 2.5", min.text, max.text);
        break;
    case OPTION_SWITCH:
        snprintf(to, size, "true or false");
        break;
    case OPTION_CHOICE:
        snprintf(to, size, "one of %s", option->argument);
        break;
    }
    return expected;
}
