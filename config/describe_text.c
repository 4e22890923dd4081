/* SPDX-License-Identifier: Apache-2.0 */

#include "config/describe_text.h"

#include <string.h>

void describe_print(FILE *file, const char *text, const char *const *pairs)
{
    for (; *text; text++) {
        const char *const *pair = pairs;

        while (*pair && **pair != *text)
            pair += 2;
        if (*pair)
            fputs(pair[1], file);
        else
            fputc(*text, file);
    }
}

bool describe_is_path(const struct option *option)
{
    static const char *const arguments[] = {"FILE", "FOLDER", "PATH", "FILE.svg", "MODEL"};

    for (size_t i = 0; i < sizeof(arguments) / sizeof(*arguments); i++) {
        if (strcmp(option->argument, arguments[i]) == 0)
            return true;
    }
    return false;
}

bool describe_has_words(const struct option *option)
{
    return option->type == OPTION_CHOICE || option->type == OPTION_SWITCH;
}

void describe_print_words(FILE *file, const struct option *option)
{
    static const char *const blanks[] = {"|", " ", NULL};

    if (option->type == OPTION_CHOICE)
        describe_print(file, option->argument, blanks);
    else
        fputs("true false", file);
}
