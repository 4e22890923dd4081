/* SPDX-License-Identifier: Apache-2.0 */

#include "config/option.h"
#include "config/options.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

const struct option option_table[N_OPTIONS] = {
#define OPTION(commands, field, type, default_text, min, max, argument, sentence)                  \
    {OPTION_FOR_##commands,                                                                        \
     #field,                                                                                       \
     offsetof(struct options, field),                                                              \
     OPTION_##type,                                                                                \
     default_text,                                                                                 \
     min,                                                                                          \
     max,                                                                                          \
     argument,                                                                                     \
     sentence},
#include "config/options.def"
};

const char *options_command_name(enum options_command command)
{
    static const char *const names[N_OPTIONS_COMMANDS] = {"serve", "embed", "evaluate"};

    return names[command];
}

/* Counts the options. A GROUP counts for none: what it adds, its second name takes back. */
enum group_start {
#define GROUP(name, heading)         GROUP_START_##name, GROUP_BEFORE_##name = GROUP_START_##name - 1,
#define OPTION(commands, field, ...) GROUP_PLACE_##field,
#include "config/options.def"
};

static const struct {
    int start; /* index of its first option */
    const char *heading;
} groups[] = {
#define GROUP(name, heading) {GROUP_START_##name, heading},
#include "config/options.def"
};

const char *option_get_heading(const struct option *option)
{
    size_t i = sizeof(groups) / sizeof(groups[0]) - 1;

    while (i > 0 && option_table + groups[i].start > option)
        i--;
    return groups[i].heading;
}

struct option_name option_spell_field(const char *field, enum option_source source)
{
    static const char *const prefixes[] = {
        [OPTION_SOURCE_DEFAULT] = "--",  [OPTION_SOURCE_FILE] = "",
        [OPTION_SOURCE_FILE_MODEL] = "", [OPTION_SOURCE_TEI] = "",
        [OPTION_SOURCE_FLAG] = "--",     [OPTION_SOURCE_ENVIRONMENT] = "NESTD_",
    };
    struct option_name name;

    snprintf(name.text, sizeof(name.text), "%s%s", prefixes[source], field);
    for (char *c = name.text + strlen(prefixes[source]); *c; c++) {
        if (source == OPTION_SOURCE_ENVIRONMENT || source == OPTION_SOURCE_TEI)
            *c = (char)toupper((unsigned char)*c);
        else if (source != OPTION_SOURCE_FILE && source != OPTION_SOURCE_FILE_MODEL && *c == '_')
            *c = '-';
    }
    return name;
}

bool option_is_of(const struct option *option, enum options_command command)
{
    return option->commands & 1 << command;
}

bool option_is_of_model(const struct option *option)
{
    static const bool are_of_model[N_OPTIONS] = {
#define OF_MODEL(field) [OPTION_INDEX_##field] = true,
#include "config/options.def"
    };

    return are_of_model[option - option_table];
}

bool option_is_list(const struct option *option)
{
    return option->type == OPTION_LIST || option->type == OPTION_NUMBERS;
}
