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

struct option_name option_spell_field(const char *field, enum option_source source)
{
    static const char *const prefixes[] = {
        [OPTION_SOURCE_DEFAULT] = "--", [OPTION_SOURCE_FILE] = "",
        [OPTION_SOURCE_TEI] = "",       [OPTION_SOURCE_ENVIRONMENT] = "NESTD_",
        [OPTION_SOURCE_FLAG] = "--",
    };
    struct option_name name;

    snprintf(name.text, sizeof(name.text), "%s%s", prefixes[source], field);
    for (char *c = name.text + strlen(prefixes[source]); *c; c++) {
        if (source == OPTION_SOURCE_ENVIRONMENT || source == OPTION_SOURCE_TEI)
            *c = (char)toupper((unsigned char)*c);
        else if (source != OPTION_SOURCE_FILE && *c == '_')
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
