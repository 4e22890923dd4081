/* SPDX-License-Identifier: Apache-2.0 */

/* The command line. Its flags are walked first for --help, --version, --describe and --config, since
 * the file must be read before them, and to count the models; then for each model, for their
 * values. */
#include "config/describe.h"
#include "config/foreign.h"
#include "config/reading.h"

#include <string.h>

/* One argument, or two: --port 8080, --port=8080, --auto-truncate. */
struct flag {
    const struct option *option; /* NULL: --config, or unused */
    const struct foreign_unused *unused;
    const char *value;
};

static bool is_word(const char *argument, const char *word, size_t len_bytes)
{
    return strlen(word) == len_bytes && memcmp(argument, word, len_bytes) == 0;
}

/* "--port is for nestd serve, not for nestd embed" */
static bool refuse_foreign(struct reading *reading, const struct option *option)
{
    return reading_complain(
        reading, "%s is for %s, not for nestd %s", option_spell(option, OPTION_SOURCE_FLAG).text,
        option_name_owners(option).text, options_command_name(reading->options.command));
}

/* What the flag of that name sets. */
static bool find_flag(struct reading *reading, const char *name, size_t len_bytes,
                      struct flag *flag)
{
    const bool is_server = reading->options.command == OPTIONS_SERVE;

    flag->option = option_find(OPTION_SOURCE_FLAG, name, len_bytes);
    if (!flag->option)
        flag->option = foreign_find(OPTION_SOURCE_FLAG, name, len_bytes);
    if (!flag->option && is_server)
        flag->unused = foreign_find_unused(OPTION_SOURCE_FLAG, name, len_bytes);
    if (!flag->option && !flag->unused && !is_word(name, "--config", len_bytes))
        return reading_refuse_name(reading, "flag", OPTION_SOURCE_FLAG, name, len_bytes);
    if (flag->option && !option_is_of(flag->option, reading->options.command))
        return refuse_foreign(reading, flag->option);
    return true;
}

/* "a whole number from 0 to 65535" */
static struct option_expected describe_value(const struct flag *flag)
{
    struct option_expected expected;

    if (flag->option)
        return option_expect(flag->option);
    snprintf(expected.text, sizeof(expected.text), "%s",
             flag->unused ? flag->unused->argument : "the path of a JSON file");
    return expected;
}

static bool is_switch(const struct flag *flag)
{
    return flag->option   ? flag->option->type == OPTION_SWITCH
           : flag->unused ? flag->unused->argument[0] == '\0'
                          : false;
}

/* Reads the flag at argv[*at] and moves *at past it and its value. */
static bool read_flag(struct reading *reading, int *at, struct flag *ret_flag)
{
    const char *const argument = reading->argv[(*at)++];
    const size_t name_len = strcspn(argument, "=");
    const char *const next = *at < reading->argc ? reading->argv[*at] : NULL;
    struct flag flag = {0};

    if (argument[0] != '-')
        return reading_complain(reading,
                                "%s: an argument without a flag; --help lists every option",
                                shown_of_string(argument).text);
    if (!find_flag(reading, argument, name_len, &flag))
        return false;
    if (argument[name_len] == '=') {
        flag.value = argument + name_len + 1;
    } else if (is_switch(&flag)) {
        const bool has_value = next && (strcmp(next, "true") == 0 || strcmp(next, "false") == 0);

        flag.value = has_value ? next : "true";
        *at += has_value;
    } else if (next && strncmp(next, "--", 2) != 0) {
        flag.value = next;
        ++*at;
    } else {
        return reading_complain(reading, "%s: expected %s after it", shown_of_string(argument).text,
                                describe_value(&flag).text);
    }
    *ret_flag = flag;
    return true;
}

bool reading_read_command(struct reading *reading)
{
    char *const *const argv = reading->argv;

    reading->first_flag = 1;
    if (reading->argc < 2 || argv[1][0] == '-')
        return true;
    for (enum options_command command = 0; command < N_OPTIONS_COMMANDS; command++) {
        if (strcmp(argv[1], options_command_name(command)) != 0)
            continue;
        reading->options.command = command;
        reading->report->command = command;
        reading->first_flag = 2;
        return true;
    }
    return reading_complain(reading,
                            "%s: neither a flag nor a command, which would be serve, embed or "
                            "evaluate",
                            shown_of_string(argv[1]).text);
}

/* --describe, with what follows it. */
static bool read_describe(struct reading *reading, const char *name)
{
    reading->report->describe = name ? describe_find(name) : NULL;
    if (!reading->report->describe)
        return reading_complain(reading, "--describe: expected man, bash, zsh or fish after it");
    reading->outcome = OPTIONS_DESCRIBE;
    return true;
}

bool reading_scan_flags(struct reading *reading)
{
    char *const *const argv = reading->argv;

    for (int at = reading->first_flag; at < reading->argc;) {
        struct flag flag;

        if (strcmp(argv[at], "--help") == 0 || strcmp(argv[at], "-h") == 0) {
            reading->outcome = OPTIONS_HELP;
            return true;
        }
        if (strcmp(argv[at], "--version") == 0) {
            reading->outcome = OPTIONS_VERSION;
            return true;
        }
        if (strcmp(argv[at], "--describe") == 0)
            return read_describe(reading, at + 1 < reading->argc ? argv[at + 1] : NULL);
        if (!read_flag(reading, &at, &flag))
            return false;
        if (flag.option == &option_table[OPTION_INDEX_model_id]) {
            reading->n_flag_models++;
            reading->flag_model = flag.value;
        }
        if (flag.option || flag.unused)
            continue;
        if (reading->file_path)
            return reading_complain(reading, "--config is given twice");
        reading->file_path = flag.value;
    }
    return true;
}

/* What has been said of all models may be said anew of this one. */
static void begin_model(struct reading *reading)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        reading->is_common[i] = option_is_of_model(&option_table[i]);
}

/* Whether a flag is of the model that is read. `n_before` counts the models up to it. */
static bool is_of_this_model(struct reading *reading, const struct option *option, size_t n_before)
{
    if (!option || !option_is_of_model(option) || n_before == 0)
        return true;
    if (n_before == reading->model + 1 && option == &option_table[OPTION_INDEX_model_id])
        begin_model(reading);
    return n_before == reading->model + 1;
}

bool reading_set_from_flags(struct reading *reading)
{
    const bool are_several = reading->models_of == OPTION_SOURCE_FLAG && reading->n_models > 1;
    size_t n_models = 0;

    for (int at = reading->first_flag; at < reading->argc;) {
        struct flag flag;

        if (!read_flag(reading, &at, &flag))
            return false;
        n_models += flag.option == &option_table[OPTION_INDEX_model_id];
        if (are_several && !is_of_this_model(reading, flag.option, n_models))
            continue;
        if (flag.unused)
            reading_note_unused(reading, flag.unused, OPTION_SOURCE_FLAG);
        if (flag.option && !reading_set(reading, flag.option, OPTION_SOURCE_FLAG, flag.value))
            return false;
    }
    return true;
}
