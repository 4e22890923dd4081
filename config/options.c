/* SPDX-License-Identifier: Apache-2.0 */

/* Reads the options from their sources, weakest first, each through the same option_set, so a
 * value means the same wherever it is written. The flags are walked twice: first for --help,
 * --version and --config, since the file must be read before them, then for the rest. The variables
 * of Text Embeddings Inference come last, for options that have no stronger source: their names are
 * plain (PORT), so one that is not needed need not make sense. Whatever is
 * unknown, out of range or given twice ends the reading with a message that names the option as the
 * person wrote it, the value, and what is allowed. */
#include "config/foreign.h"
#include "config/option_value.h"
#include "config/options.h"
#include "config/reading.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <inttypes.h>
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

/* Kubernetes describes each Service of the namespace in the environment of every pod. For one that
 * is called nestd, or nestd-something, the names begin as ours do. */
static bool is_of_kubernetes(const char *name, const char *value)
{
    static const char *const patterns[] = {
        "NESTD_*SERVICE_HOST",     "NESTD_*SERVICE_PORT",     "NESTD_*SERVICE_PORT_*",
        "NESTD_*PORT_[0-9]*_TCP*", "NESTD_*PORT_[0-9]*_UDP*", "NESTD_*PORT_[0-9]*_SCTP*",
    };
    static const char *const schemes[] = {"tcp://", "udp://", "sctp://"};

    for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
        if (fnmatch(patterns[i], name, 0) == 0)
            return true;
    for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
        if (strncmp(value, schemes[i], strlen(schemes[i])) == 0)
            return fnmatch("NESTD_*PORT", name, 0) == 0;
    return false;
}

/* The value of a variable, and its name; NULL where it is not one of ours. */
static const char *split_variable(const char *variable, char name[128])
{
    const char *const equals = strchr(variable, '=');
    size_t len_bytes;

    if (strncmp(variable, "NESTD_", 6) != 0 || !equals)
        return NULL;
    len_bytes = (size_t)(equals - variable);
    if (len_bytes > 127)
        len_bytes = 127; /* unknown all the same */
    memcpy(name, variable, len_bytes);
    name[len_bytes] = '\0';
    return equals + 1;
}

static bool read_environment(struct reading *reading, char *const *envp)
{
    char name[128], first_ignored[128];
    size_t n_ignored = 0;

    for (; *envp; envp++) {
        const char *const value = split_variable(*envp, name);
        const struct option *option;

        if (!value || strcmp(name, "NESTD_CONFIG") == 0)
            continue;
        if (is_of_kubernetes(name, value)) {
            if (n_ignored++ == 0)
                memcpy(first_ignored, name, sizeof(name));
            continue;
        }
        option = option_find(OPTION_SOURCE_ENVIRONMENT, name, strlen(name));
        if (!option)
            return reading_refuse_name(reading, "environment variable", OPTION_SOURCE_ENVIRONMENT,
                                       name, strlen(name));
        if (option_is_of(option, reading->options.command) &&
            !reading_set(reading, option, OPTION_SOURCE_ENVIRONMENT, value))
            return false;
    }
    if (n_ignored > 0)
        reading_warn(reading,
                     "ignored %s and %zu more variables that Kubernetes sets for a Service of this "
                     "name",
                     shown_of_string(first_ignored).text, n_ignored - 1);
    return true;
}

static void note_unused(struct reading *reading, const struct foreign_unused *unused,
                        enum option_source source)
{
    const size_t len_bytes = strlen(reading->unused);

    snprintf(reading->unused + len_bytes, sizeof(reading->unused) - len_bytes, "%s%s",
             len_bytes > 0 ? ", " : "", option_spell_field(unused->name, source).text);
}

static bool is_address(const char *text)
{
    struct in6_addr address; /* room for either kind */

    return inet_pton(AF_INET, text, &address) == 1 || inet_pton(AF_INET6, text, &address) == 1;
}

/* Shells and containers set HOSTNAME to the machine's name. TEI takes it only where it is an address,
 * and what a name would open the port to is nobody's intention. */
static bool is_machines_name(const struct option *option, const char *value)
{
    return option == &option_table[OPTION_INDEX_hostname] && !is_address(value);
}

/* TEI has no command but to serve, and a stray API_KEY is nothing to send to --url. The model of our
 * image is there for all commands, though: the image names it so that TEI's users can, too. */
static bool is_of_command(const struct reading *reading, const struct option *option)
{
    return reading->options.command == OPTIONS_SERVE ||
           (option == &option_table[OPTION_INDEX_model_id] && !reading->options.url);
}

static bool read_tei_variable(struct reading *reading, const char *variable)
{
    const size_t name_len = strcspn(variable, "=");
    const struct option *const option = foreign_find(OPTION_SOURCE_TEI, variable, name_len);
    const struct foreign_unused *const unused =
        foreign_find_unused(OPTION_SOURCE_TEI, variable, name_len);
    const char *const value = variable + name_len + (variable[name_len] == '=');

    if (value[0] == '\0' || !is_of_command(reading, option))
        return true;
    if (unused)
        note_unused(reading, unused, OPTION_SOURCE_TEI);
    if (!option || reading->sources[option - option_table] > OPTION_SOURCE_TEI ||
        is_machines_name(option, value))
        return true;
    return reading_set(reading, option, OPTION_SOURCE_TEI, value);
}

static bool read_tei_environment(struct reading *reading, char *const *envp)
{
    for (; *envp; envp++)
        if (!read_tei_variable(reading, *envp))
            return false;
    return true;
}

static void find_file_in_environment(struct reading *reading, char *const *envp)
{
    static const char prefix[] = "NESTD_CONFIG=";

    for (; *envp && !reading->file_path; envp++)
        if (strncmp(*envp, prefix, sizeof(prefix) - 1) == 0)
            reading->file_path = *envp + sizeof(prefix) - 1;
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
    char commands[64] = "";

    for (enum options_command command = 0; command < N_OPTIONS_COMMANDS; command++) {
        const size_t len_bytes = strlen(commands);

        if (option_is_of(option, command))
            snprintf(commands + len_bytes, sizeof(commands) - len_bytes, "%snestd %s",
                     len_bytes > 0 ? " and " : "", options_command_name(command));
    }
    return reading_complain(reading, "%s is for %s, not for nestd %s",
                            option_spell(option, OPTION_SOURCE_FLAG).text, commands,
                            options_command_name(reading->options.command));
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

const char *options_command_name(enum options_command command)
{
    static const char *const names[N_OPTIONS_COMMANDS] = {"serve", "embed", "evaluate"};

    return names[command];
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

/* The first walk: --help, --version and --config. */
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
        if (!read_flag(reading, argc, argv, &at, &flag))
            return false;
        if (flag.option || flag.unused)
            continue;
        if (reading->file_path)
            return reading_complain(reading, "--config is given twice");
        reading->file_path = flag.value;
    }
    return true;
}

/* The second walk. */
static bool apply_flags(struct reading *reading, int argc, char *const *argv)
{
    for (int at = reading->first_flag; at < argc;) {
        struct flag flag;

        if (!read_flag(reading, argc, argv, &at, &flag))
            return false;
        if (flag.unused)
            note_unused(reading, flag.unused, OPTION_SOURCE_FLAG);
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
        find_file_in_environment(reading, envp);
    if (reading->file_path && !reading_set_from_file(reading))
        return false;
    if (!read_environment(reading, envp) || !apply_flags(reading, argc, argv) ||
        !read_tei_environment(reading, envp))
        return false;
    if (reading->unused[0])
        reading_warn(reading,
                     "without effect here, unlike in Text Embeddings Inference (--help says why): "
                     "%s",
                     reading->unused);
    return check_together(reading);
}

enum options_outcome options_read(int argc, char *const *argv, char *const *envp,
                                  struct options *ret_options, struct options_report *report)
{
    struct reading reading = {.outcome = OPTIONS_RUN, .report = report};

    *report = (struct options_report){0};
    if (!read_all(&reading, argc, argv, envp))
        reading.outcome = OPTIONS_BAD;
    if (reading.outcome == OPTIONS_RUN)
        *ret_options = reading.options;
    else
        options_release(&reading.options);
    return reading.outcome;
}

void options_wipe_hf_token(struct options *options)
{
    /* The text is the storage's own, allocated. */
    if (options->hf_token)
        explicit_bzero((char *)options->hf_token, strlen(options->hf_token));
    options->hf_token = NULL;
}

void options_release(struct options *options)
{
    if (!options)
        return;
    option_values_release(options);
    *options = (struct options){0};
}
