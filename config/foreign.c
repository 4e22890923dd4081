/* SPDX-License-Identifier: Apache-2.0 */

#include "config/foreign.h"

#include <stdbool.h>
#include <string.h>

const struct foreign_unused foreign_unused_table[N_FOREIGN_UNUSED] = {
#define TEI_UNUSED(name, argument, sentence) {#name, argument, sentence},
#include "config/options.def"
};

static const struct foreign_name {
    const char *name;
    enum option_index index;
} tei_names[] = {
#define TEI_NAME(name, field) {#name, OPTION_INDEX_##field},
#include "config/options.def"
};

static const struct foreign_name short_flags[] = {
#define SHORT_FLAG(flag, field) {flag, OPTION_INDEX_##field},
#include "config/options.def"
};

static const struct {
    enum option_index index;
    const char *word;
    const char *ours;
    const char *note;
} other_words[] = {
#define OTHER_WORD(field, word, ours, note) {OPTION_INDEX_##field, word, ours, note},
#include "config/options.def"
};

enum {
    N_TEI_NAMES = sizeof(tei_names) / sizeof(tei_names[0]),
    N_SHORT_FLAGS = sizeof(short_flags) / sizeof(short_flags[0]),
    N_OTHER_WORDS = sizeof(other_words) / sizeof(other_words[0]),
};

static bool is(const char *known, const char *name, size_t len_bytes)
{
    return strlen(known) == len_bytes && memcmp(known, name, len_bytes) == 0;
}

const struct option *foreign_find(enum option_source source, const char *name, size_t len_bytes)
{
    if (source == OPTION_SOURCE_FLAG) {
        for (size_t i = 0; i < N_SHORT_FLAGS; i++)
            if (is(short_flags[i].name, name, len_bytes))
                return &option_table[short_flags[i].index];
    }
    for (size_t i = 0; i < N_TEI_NAMES; i++) {
        if (is(option_spell_field(tei_names[i].name, source).text, name, len_bytes))
            return &option_table[tei_names[i].index];
    }
    return NULL;
}

const struct foreign_unused *foreign_find_unused(enum option_source source, const char *name,
                                                 size_t len_bytes)
{
    for (size_t i = 0; i < N_FOREIGN_UNUSED; i++) {
        if (is(option_spell_field(foreign_unused_table[i].name, source).text, name, len_bytes))
            return &foreign_unused_table[i];
    }
    return NULL;
}

struct option_name foreign_spell_variable(const struct option *option)
{
    size_t i = 0;

    while (i + 1 < N_TEI_NAMES && &option_table[tei_names[i].index] != option)
        i++;
    return option_spell_field(tei_names[i].name, OPTION_SOURCE_TEI);
}

struct option_name foreign_list_flag(const struct option *option, size_t i)
{
    for (size_t j = 0; j < N_SHORT_FLAGS; j++) {
        if (&option_table[short_flags[j].index] == option && i-- == 0) {
            struct option_name name = {{0}};

            strncpy(name.text, short_flags[j].name, sizeof(name.text) - 1);
            return name;
        }
    }
    for (size_t j = 0; j < N_TEI_NAMES; j++) {
        if (&option_table[tei_names[j].index] == option &&
            strcmp(tei_names[j].name, option->field) != 0 && i-- == 0)
            return option_spell_field(tei_names[j].name, OPTION_SOURCE_FLAG);
    }
    return (struct option_name){{0}};
}

const char *foreign_translate(const struct option *option, const char *value, const char **ret_note)
{
    *ret_note = NULL;
    for (size_t i = 0; i < N_OTHER_WORDS; i++) {
        if (&option_table[other_words[i].index] == option &&
            strcmp(other_words[i].word, value) == 0) {
            *ret_note = other_words[i].note;
            return other_words[i].ours;
        }
    }
    return value;
}
