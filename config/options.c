/* SPDX-License-Identifier: Apache-2.0 */

/* Reads the options from their sources, weakest first, each through the same option_set, so a
 * value means the same wherever it is written. The flags are walked twice: first for --help,
 * --version, --describe and --config, since the file must be read before them, then for the rest.
 * The variables of Text Embeddings Inference come last, for options that have no stronger source:
 * their names are plain (PORT), so one that is not needed need not make sense. Whatever is unknown,
 * out of range or given twice ends the reading with a message that names the option as the person
 * wrote it, the value, and what is allowed. */
#include "config/describe.h"
#include "config/foreign.h"
#include "config/option_value.h"
#include "config/options.h"
#include "config/reading.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static bool set_defaults(struct reading *reading)
{
    for (size_t i = 0; i < N_OPTIONS; i++)
        if (option_table[i].default_text &&
            !reading_set(reading, &option_table[i], OPTION_SOURCE_DEFAULT,
                         option_table[i].default_text))
            return false;
    return true;
}

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
static bool read_flag(struct reading *reading, int argc, char *const *argv, int *at,
                      struct flag *ret_flag)
{
    const char *const argument = argv[(*at)++];
    const size_t name_len = strcspn(argument, "=");
    const char *const next = *at < argc ? argv[*at] : NULL;
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

/* The first argument, unless it is a flag; without one it is OPTIONS_SERVE. */
static bool read_command(struct reading *reading, int argc, char *const *argv)
{
    reading->first_flag = 1;
    if (argc < 2 || argv[1][0] == '-')
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

/* The first walk: --help, --version, --describe and --config. */
static bool scan_flags(struct reading *reading, int argc, char *const *argv)
{
    for (int at = reading->first_flag; at < argc;) {
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
            return read_describe(reading, at + 1 < argc ? argv[at + 1] : NULL);
        if (!read_flag(reading, argc, argv, &at, &flag))
            return false;
        reading->n_flag_models += flag.option == &option_table[OPTION_INDEX_model_id];
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

/* The second walk. */
static bool apply_flags(struct reading *reading, int argc, char *const *argv)
{
    const bool are_several =
        reading->options.command == OPTIONS_SERVE && reading->n_flag_models > 1;
    size_t n_models = 0;

    for (int at = reading->first_flag; at < argc;) {
        struct flag flag;

        if (!read_flag(reading, argc, argv, &at, &flag))
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

static struct place name_given(const struct reading *reading, enum option_index i)
{
    return reading_name_place(reading, &option_table[i], reading->sources[i]);
}

/* What --memory-limit has to be, if it is given. */
static bool check_memory(struct reading *reading)
{
    const struct options *options = &reading->options;
    struct place limit = name_given(reading, OPTION_INDEX_memory_limit);

    if (options->memory_limit == 0)
        return true;
    if (options->memory_limit < OPTIONS_MIN_MEMORY_LIMIT)
        return reading_complain(reading, "%s=%" PRId64 ": expected at least %d", limit.text,
                                options->memory_limit, OPTIONS_MIN_MEMORY_LIMIT);
    if (options->memory_limit / OPTIONS_MEMORY_PER_PAYLOAD < options->payload_limit)
        return reading_complain(reading,
                                "%s=%" PRId64 ": expected at least %d times %s=%" PRId64
                                ", or a body that large could not be decoded",
                                limit.text, options->memory_limit, OPTIONS_MEMORY_PER_PAYLOAD,
                                name_given(reading, OPTION_INDEX_payload_limit).text,
                                options->payload_limit);
    if (options->memory_limit < options->token_vectors_limit)
        return reading_complain(reading,
                                "%s=%" PRId64 ": expected at least %s=%" PRId64
                                ", or so many vectors could not be held",
                                limit.text, options->memory_limit,
                                name_given(reading, OPTION_INDEX_token_vectors_limit).text,
                                options->token_vectors_limit);
    return true;
}

static bool check_server(struct reading *reading)
{
    struct options *const options = &reading->options;

    if (!options->tls_cert != !options->tls_key)
        return reading_complain(
            reading, "%s needs %s too",
            name_given(reading, options->tls_cert ? OPTION_INDEX_tls_cert : OPTION_INDEX_tls_key)
                .text,
            options->tls_cert ? "--tls-key" : "--tls-cert");
    if (!check_memory(reading))
        return false;
    if (options->max_request_tokens <= options->max_queue_tokens)
        return true;
    if (reading->sources[OPTION_INDEX_max_request_tokens] != OPTION_SOURCE_DEFAULT)
        return reading_complain(
            reading,
            "%s=%" PRId64 ": expected at most %s=%" PRId64
            ", or a request that large could never be queued",
            name_given(reading, OPTION_INDEX_max_request_tokens).text, options->max_request_tokens,
            name_given(reading, OPTION_INDEX_max_queue_tokens).text, options->max_queue_tokens);
    options->max_request_tokens = options->max_queue_tokens;
    return true;
}

/* Checks that need more than one option. */
static bool check_together(struct reading *reading)
{
    struct options *const options = &reading->options;

    if (options->health_check) /* serves no model */
        return true;
    if (!options->model_id && options->command == OPTIONS_SERVE)
        return reading_complain(
            reading, "no model: give its folder or its name on the hub, --model-id MODEL");
    if (!options->model_id && !options->url)
        return reading_complain(reading,
                                "no model: give its folder or its name on the hub, --model-id "
                                "MODEL, or the address of a server that has it, --url URL");
    if (options->default_prompt && options->default_prompt_name)
        return reading_complain(reading, "%s and %s exclude each other",
                                name_given(reading, OPTION_INDEX_default_prompt).text,
                                name_given(reading, OPTION_INDEX_default_prompt_name).text);
    return options->command != OPTIONS_SERVE || check_server(reading);
}

static bool read_all(struct reading *reading, int argc, char *const *argv, char *const *envp)
{
    if (!read_command(reading, argc, argv) || !scan_flags(reading, argc, argv))
        return false;
    if (reading->outcome != OPTIONS_RUN)
        return true;
    if (!set_defaults(reading))
        return false;
    if (!reading->file_path)
        reading_find_file(reading, envp);
    if (reading->file_path && !reading_set_from_file(reading))
        return false;
    if (!reading_set_from_environment(reading, envp) || !apply_flags(reading, argc, argv) ||
        !reading_set_from_tei_environment(reading, envp))
        return false;
    if (reading->unused[0])
        reading_warn(reading,
                     "without effect here, unlike in Text Embeddings Inference (--help says why): "
                     "%s",
                     reading->unused);
    return check_together(reading);
}

/* Of each model after the first: everything is read once more, as it holds for that one. */
static bool read_more(struct reading *first, int argc, char *const *argv, char *const *envp)
{
    struct options *const options = &first->options;
    const size_t n_models = first->n_flag_models ? first->n_flag_models : first->n_models;

    if (options->command != OPTIONS_SERVE || n_models < 2)
        return true;
    if (n_models > OPTIONS_MAX_MODELS)
        return reading_complain(first, "%zu models are more than one server takes, which is %d",
                                n_models, OPTIONS_MAX_MODELS);
    options->more = calloc(n_models - 1, sizeof(*options->more));
    if (!options->more)
        return reading_complain(first, "out of memory");
    for (size_t i = 1; i < n_models; i++) {
        struct options_report report = {0};
        struct reading reading = {.outcome = OPTIONS_RUN, .report = &report, .model = i};
        const bool is_read = read_all(&reading, argc, argv, envp);

        options->more[options->n_more++] = reading.options;
        if (!is_read)
            return reading_complain(first, "%s", report.problem);
    }
    return true;
}

enum options_outcome options_read(int argc, char *const *argv, char *const *envp,
                                  struct options *ret_options, struct options_report *report)
{
    struct reading reading = {.outcome = OPTIONS_RUN, .report = report};

    *report = (struct options_report){0};
    if (!read_all(&reading, argc, argv, envp) ||
        (reading.outcome == OPTIONS_RUN && !read_more(&reading, argc, argv, envp)))
        reading.outcome = OPTIONS_BAD;
    if (reading.outcome == OPTIONS_RUN)
        *ret_options = reading.options;
    else
        options_release(&reading.options);
    return reading.outcome;
}

const struct options *options_of_model(const struct options *options, size_t i)
{
    return i == 0 ? options : &options->more[i - 1];
}

void options_wipe_hf_token(struct options *options)
{
    /* The text is the storage's own, allocated. */
    if (options->hf_token)
        explicit_bzero((char *)options->hf_token, strlen(options->hf_token));
    options->hf_token = NULL;
    for (size_t i = 0; i < options->n_more; i++)
        options_wipe_hf_token(&options->more[i]);
}

void options_release(struct options *options)
{
    if (!options)
        return;
    for (size_t i = 0; i < options->n_more; i++)
        options_release(&options->more[i]);
    free(options->more);
    option_values_release(options);
    *options = (struct options){0};
}
