/* SPDX-License-Identifier: Apache-2.0 */

/* Reads the options from their sources, weakest first, each through the same option_set, so a
 * value means the same wherever it is written. Of several models each has all options, so all
 * sources are read once for each, after they were looked at for how many models there are.
 * The variables of Text Embeddings Inference come last, for options that have no stronger source:
 * their names are plain (PORT), so one that is not needed need not make sense. Whatever is unknown,
 * out of range or given twice ends the reading with a message that names the option as the person
 * wrote it, the value, and what is allowed. */
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

/* A command on files takes one model. */
static bool refuse_file_models(struct reading *reading, size_t n, const char *way_out)
{
    return reading_complain(reading, "%s: of the %zu models in it nestd %s takes one: %s",
                            shown_of_string(reading->file_path).text, n,
                            options_command_name(reading->options.command), way_out);
}

/* Checks that need more than one option. */
static bool check_together(struct reading *reading)
{
    struct options *const options = &reading->options;

    if (options->health_check) /* serves no model */
        return true;
    if (reading->n_file_models > 1 && !options->url &&
        reading->sources[OPTION_INDEX_model_id] <= OPTION_SOURCE_TEI)
        return refuse_file_models(reading, reading->n_file_models, "name it, --model-id MODEL");
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

static void warn_of_file_models(struct reading *reading, enum option_source instead)
{
    reading_warn(reading, "%s: its models are not used, since %s names others",
                 shown_of_string(reading->file_path).text,
                 option_spell(&option_table[OPTION_INDEX_model_id], instead).text);
}

/* A command on files takes, with its options, the model of the file that a flag or a variable names,
 * or the only one. Where several are left, check_together refuses. */
static bool choose_file_model(struct reading *reading)
{
    const enum option_source named_by =
        reading->flag_model ? OPTION_SOURCE_FLAG : OPTION_SOURCE_ENVIRONMENT;
    const char *const name =
        reading->flag_model ? reading->flag_model : reading_find_listed(reading, named_by);
    size_t n;

    if (!name && reading->n_file_models > 1)
        return true;
    n = name ? reading_find_file_model(reading, name, &reading->first_model) : 1;
    if (n > 1)
        return refuse_file_models(reading, n, "leave the others of this model_id out");
    if (n == 0)
        warn_of_file_models(reading, named_by);
    else
        reading->models_of = OPTION_SOURCE_FILE_MODEL;
    return true;
}

/* Which source lists the models, and how many. Any other command than serve has one. */
static bool count_models(struct reading *reading)
{
    const struct {
        enum option_source source;
        size_t n;
    } lists[] = {
        {OPTION_SOURCE_FLAG, reading->n_flag_models},
        {OPTION_SOURCE_ENVIRONMENT, reading_count_listed(reading, OPTION_SOURCE_ENVIRONMENT)},
        {OPTION_SOURCE_FILE_MODEL, reading->n_file_models},
        {OPTION_SOURCE_TEI, reading_count_listed(reading, OPTION_SOURCE_TEI)},
    };

    reading->n_models = 1;
    if (reading->options.command != OPTIONS_SERVE)
        return reading->n_file_models == 0 || choose_file_model(reading);
    for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
        if (lists[i].n == 0)
            continue;
        reading->models_of = lists[i].source;
        reading->n_models = lists[i].n;
        break;
    }
    if (reading->n_models > OPTIONS_MAX_MODELS)
        return reading_complain(reading, "%zu models are more than one server takes, which is %d",
                                reading->n_models, OPTIONS_MAX_MODELS);
    if (reading->n_file_models > 0 && reading->models_of != OPTION_SOURCE_FILE_MODEL)
        warn_of_file_models(reading, reading->models_of);
    return true;
}

/* What has to be known before values are read. */
static bool prepare(struct reading *reading)
{
    if (!reading_read_command(reading) || !reading_scan_flags(reading))
        return false;
    if (reading->outcome != OPTIONS_RUN)
        return true;
    reading_find_file(reading);
    return reading_open_file(reading) && count_models(reading);
}

static bool read_sources(struct reading *reading)
{
    if (!set_defaults(reading) || (reading->file && !reading_set_from_file(reading)) ||
        !reading_set_from_environment(reading) || !reading_set_from_flags(reading) ||
        !reading_set_from_tei_environment(reading))
        return false;
    if (reading->unused[0])
        reading_warn(reading,
                     "without effect here, unlike in Text Embeddings Inference (--help says why): "
                     "%s",
                     reading->unused);
    return check_together(reading);
}

/* Everything is read anew for each model, as it holds for that one. */
static bool read_model(struct reading *reading, size_t model, struct options *ret_options)
{
    const enum options_command command = reading->options.command;
    bool is_read;

    reading->model = model;
    memset(reading->sources, 0, sizeof(reading->sources));
    memset(reading->is_common, 0, sizeof(reading->is_common));
    reading->unused[0] = '\0';
    is_read = read_sources(reading);
    if (is_read)
        *ret_options = reading->options;
    else
        options_release(&reading->options);
    reading->options = (struct options){.command = command};
    return is_read;
}

/* The first model's options, with those of the others in them. */
static bool read_models(struct reading *reading, struct options *ret_options)
{
    struct options first;

    if (!read_model(reading, reading->first_model, &first))
        return false;
    if (reading->n_models > 1) {
        first.more = calloc(reading->n_models - 1, sizeof(*first.more));
        if (!first.more) {
            options_release(&first);
            return reading_complain(reading, "out of memory");
        }
    }
    for (size_t i = 1; i < reading->n_models; i++) {
        if (!read_model(reading, i, &first.more[i - 1])) {
            options_release(&first);
            return false;
        }
        first.n_more++;
    }
    *ret_options = first;
    return true;
}

enum options_outcome options_read(int argc, char *const *argv, char *const *envp,
                                  struct options *ret_options, struct options_report *report)
{
    struct reading reading = {
        .argc = argc, .argv = argv, .envp = envp, .outcome = OPTIONS_RUN, .report = report};

    *report = (struct options_report){0};
    if (!prepare(&reading) ||
        (reading.outcome == OPTIONS_RUN && !read_models(&reading, ret_options)))
        reading.outcome = OPTIONS_BAD;
    reading_close_file(&reading);
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
