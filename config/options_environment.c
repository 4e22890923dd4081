/* SPDX-License-Identifier: Apache-2.0 */

/* The options' variables: ours, which begin with NESTD_, and those of Text Embeddings Inference. */
#include "config/foreign.h"
#include "config/reading.h"

#include <arpa/inet.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

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

/* Of the models that a variable lists, the one that is read takes its part. */
static bool set_from_variable(struct reading *reading, const struct option *option,
                              enum option_source source, const char *value)
{
    char *name;
    bool is_set;

    if (option != &option_table[OPTION_INDEX_model_id] || reading->models_of != source)
        return reading_set(reading, option, source, value);
    for (size_t i = 0; i < reading->model; i++)
        value += strcspn(value, ",") + 1;
    name = strndup(value, strcspn(value, ","));
    if (!name)
        return reading_complain(reading, "out of memory");
    is_set = reading_set(reading, option, source, name);
    free(name);
    return is_set;
}

/* The value of a variable; NULL: there is none. */
static const char *find_variable(const struct reading *reading, const char *name)
{
    const size_t len_bytes = strlen(name);

    for (char *const *at = reading->envp; *at; at++)
        if (strncmp(*at, name, len_bytes) == 0 && (*at)[len_bytes] == '=')
            return *at + len_bytes + 1;
    return NULL;
}

const char *reading_find_listed(const struct reading *reading, enum option_source source)
{
    return find_variable(reading, option_spell(&option_table[OPTION_INDEX_model_id], source).text);
}

size_t reading_count_listed(const struct reading *reading, enum option_source source)
{
    const char *value = reading_find_listed(reading, source);
    size_t n = 1;

    if (!value || (source == OPTION_SOURCE_TEI && *value == '\0'))
        return 0;
    for (; *value; value++)
        n += *value == ',';
    return n;
}

bool reading_set_from_environment(struct reading *reading)
{
    char name[128], first_ignored[128];
    size_t n_ignored = 0;

    for (char *const *envp = reading->envp; *envp; envp++) {
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
            !set_from_variable(reading, option, OPTION_SOURCE_ENVIRONMENT, value))
            return false;
    }
    if (n_ignored > 0)
        reading_warn(reading,
                     "ignored %s and %zu more variables that Kubernetes sets for a Service of this "
                     "name",
                     shown_of_string(first_ignored).text, n_ignored - 1);
    return true;
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
        reading_note_unused(reading, unused, OPTION_SOURCE_TEI);
    if (!option || reading->sources[option - option_table] > OPTION_SOURCE_TEI ||
        is_machines_name(option, value))
        return true;
    return set_from_variable(reading, option, OPTION_SOURCE_TEI, value);
}

bool reading_set_from_tei_environment(struct reading *reading)
{
    for (char *const *envp = reading->envp; *envp; envp++)
        if (!read_tei_variable(reading, *envp))
            return false;
    return true;
}

void reading_find_file(struct reading *reading)
{
    if (!reading->file_path)
        reading->file_path = find_variable(reading, "NESTD_CONFIG");
}
