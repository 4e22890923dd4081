/* SPDX-License-Identifier: Apache-2.0 */

/* nestd embed: what the options say is checked first, then what is there already, and only then the
 * model is loaded or the server asked. */
#include "server/process/commands.h"

#include "config/options.h"
#include "server/bulk/batch.h"
#include "server/bulk/bulk.h"
#include "server/bulk/office.h"
#include "server/embedder/embedder.h"
#include "server/text/log.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zlib.h>

/* ---- signals ---- */

static volatile sig_atomic_t stop_signal; /* its number; 0: none came */
static int wake = -1;
static pthread_t main_thread;

/* A read that waits for a pipe is broken off only on its own thread. A second signal does not wait
 * for what the first one began; nothing is lost, as after a kill. */
static void take_signal(int number)
{
    const uint64_t one = 1;
    const int saved_errno = errno;

    if (stop_signal && pthread_equal(pthread_self(), main_thread))
        _exit(128 + number);
    if (!pthread_equal(pthread_self(), main_thread)) {
        pthread_kill(main_thread, number);
        return;
    }
    stop_signal = number;
    (void)!write(wake, &one, sizeof(one));
    errno = saved_errno;
}

static bool catch_signals(void)
{
    struct sigaction action = {.sa_handler = take_signal};

    main_thread = pthread_self();
    wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sigemptyset(&action.sa_mask);
    return wake >= 0 && sigaction(SIGINT, &action, NULL) == 0 &&
           sigaction(SIGTERM, &action, NULL) == 0;
}

/* ---- options ---- */

/* "3/8", 0 <= I < N. */
static enum status read_shard(const char *text, struct source_setup *setup, struct error *error)
{
    unsigned i, n;
    int end = 0;

    setup->i_shard = 0;
    setup->n_shards = 1;
    if (!text)
        return STATUS_OK;
    if (strspn(text, "0123456789/") != strlen(text) || strlen(text) > 15 ||
        sscanf(text, "%7u/%7u%n", &i, &n, &end) != 2 || text[end] || n == 0 || i >= n)
        return error_set(error, STATUS_INVALID,
                         "--shard=%.40s: expected I/N such as 0/8, with I from 0 to N-1", text);
    setup->i_shard = i;
    setup->n_shards = n;
    return STATUS_OK;
}

static bool ends_in_npy(const char *path)
{
    const size_t len = strlen(path);

    return len > 4 && strcmp(path + len - 4, ".npy") == 0;
}

static enum status read_rows(const struct options *options, struct rows *rows, struct error *error)
{
    const struct option_list *numbers = &options->output_dtype;
    const char *number = numbers->n_values > 0 ? numbers->values[0] : "float32";

    if (numbers->n_values > 1)
        return error_set(error, STATUS_INVALID, "--output-dtype: expected one type");
    if (!rows_parse_number(rows, number))
        return error_set(error, STATUS_INVALID,
                         "--output-dtype=%.40s: expected float32, float16, int8, uint8, binary or "
                         "ubinary",
                         number);
    rows->is_npy = strcmp(options->output_format, "npy") == 0 ||
                   (strcmp(options->output_format, "auto") == 0 && ends_in_npy(options->output));
    if (rows->is_npy && output_is_stream(options->output))
        return error_set(error, STATUS_INVALID,
                         "--output=%s: an array begins with the number of its rows, so it needs a "
                         "file",
                         options->output);
    if (!rows->is_npy && rows->number == ROWS_FLOAT16)
        return error_set(error, STATUS_INVALID, "--output-dtype=float16 is for arrays (.npy)");
    return STATUS_OK;
}

static enum targets_begin find_begin(const struct options *options)
{
    if (options->resume)
        return TARGETS_RESUME;
    return options->overwrite ? TARGETS_OVERWRITE : TARGETS_NEW;
}

static bool is_batch(const struct options *options)
{
    return strcmp(options->input_format, "batch") == 0;
}

/* What requests say themselves. */
static enum status check_batch(const struct options *options, struct error *error)
{
    const char *foreign = options->prompt_name                         ? "--prompt-name"
                          : options->id_field                          ? "--id-field"
                          : options->dimensions.n_values > 0           ? "--dimensions"
                          : options->output_dtype.n_values > 0         ? "--output-dtype"
                          : strcmp(options->output_format, "npy") == 0 ? "--output-format=npy"
                                                                       : NULL;

    if (foreign)
        return error_set(error, STATUS_INVALID, "%s is not for --input-format=batch", foreign);
    if (options->url && !options->auto_truncate)
        return error_set(error, STATUS_INVALID,
                         "--auto-truncate=false is not for --input-format=batch with --url: say "
                         "\"truncate\" in the requests");
    return STATUS_OK;
}

static enum status read_setup(const struct options *options, struct bulk_setup *setup,
                              struct error *error)
{
    enum status status;

    if (!options->output)
        return error_set(error, STATUS_INVALID, "no output: give a file, --output FILE");
    if (options->resume && options->overwrite)
        return error_set(error, STATUS_INVALID, "--resume and --overwrite exclude each other");
    if (options->dimensions.n_values > 1)
        return error_set(error, STATUS_INVALID, "--dimensions: expected one number");
    setup->source = (struct source_setup){
        .path = options->input,
        .format = source_find_format(options->input_format, options->input),
        .text_fields = options->text_field,
        .id_field = options->id_field,
    };
    setup->output = options->output;
    setup->begin = find_begin(options);
    setup->skips_bad = strcmp(options->bad_lines, "skip") == 0;
    setup->may_draw = !options->json_output && log_wants(LOG_INFO);
    setup->stop = &stop_signal;
    status = read_shard(options->shard, &setup->source, error);
    if (!status && is_batch(options))
        return check_batch(options, error);
    return status ? status : read_rows(options, &setup->rows, error);
}

/* Before anything is loaded. */
static enum status check_targets(const struct bulk_setup *setup, struct error *error)
{
    struct targets targets;
    enum status status =
        targets_init(&targets, setup->output, &setup->rows, setup->skips_bad, error);

    if (!status)
        status = targets_check(&targets, setup->output, setup->begin, error);
    targets_release(&targets);
    return status;
}

/* ---- what a run is ---- */

/* The bits of one vector are those of the model, its number format and the kernels together. A
 * server may run on many machines, so of that only the name is asked. */
static enum status digest_model(struct embedder *embedder, struct embed_prompt prompt,
                                json_int_t *ret_digest, struct error *error)
{
    struct embed_text text = {.text = {"nestd", 5}};
    const size_t n_dims = embedder_get_info(embedder)->n_dims;
    float *vector = calloc(n_dims, sizeof(*vector));
    enum status status = STATUS_NO_MEMORY;

    if (vector)
        status = embedder_encode(embedder, &text, 1, prompt, vector, error);
    if (!status)
        *ret_digest =
            (json_int_t)crc32_z(0, (const unsigned char *)vector, n_dims * sizeof(*vector));
    free(vector);
    return status ? error_set(error, status, "not enough memory to start") : STATUS_OK;
}

static json_t *list_fields(const struct option_list *fields)
{
    json_t *list = json_array();

    for (size_t i = 0; i < fields->n_values; i++)
        json_array_append_new(list, json_string(fields->values[i]));
    return list;
}

static json_t *describe_run(const struct options *options, const struct bulk_setup *setup,
                            const struct embedder_info *info, json_int_t digest)
{
    const struct slice prompt = setup->prompt.text;

    return json_pack(
        "{s:s, s:s, s:I, s:I, s:s, s:s, s:s%, s:s, s:b, s:s, s:o, s:s, s:s, s:b}", "model",
        info->model_name, "dtype", info->dtype, "dimensions", (json_int_t)info->n_dims,
        "vector_digest", digest, "output_dtype", rows_number_name(&setup->rows), "output_format",
        setup->rows.is_npy ? "npy" : "jsonl", "prompt", prompt.bytes ? prompt.bytes : "",
        prompt.len_bytes, "prompt_name", setup->prompt.name ? setup->prompt.name : "",
        "auto_truncate", (int)options->auto_truncate, "input_format",
        source_format_name(setup->source.format), "text_field", list_fields(&options->text_field),
        "id_field", options->id_field ? options->id_field : "", "shard",
        options->shard ? options->shard : "0/1", "skip_bad_lines", (int)setup->skips_bad);
}

/* ---- the run ---- */

static void tell_result(const struct options *options, const struct bulk_result *result,
                        const struct embedder_info *info)
{
    const struct journal_place *place = &result->place;

    if (result->was_complete) {
        log_write(LOG_INFO, "%s is complete already: %zu texts", options->output, place->n_rows);
        return;
    }
    log_write(LOG_INFO, "%s %zu texts of %zu dimensions in %.1f s (%.0f texts/s)%s%s",
              result->was_stopped ? "stopped after" : "embedded", result->n_texts, info->n_dims,
              result->elapsed_s,
              result->elapsed_s > 0 ? (double)result->n_texts / result->elapsed_s : 0.0,
              result->was_stopped ? "" : ": ", result->was_stopped ? "" : options->output);
    if (place->n_truncated > 0)
        log_write(LOG_WARNING, "%zu of %zu texts had more tokens than the model takes and were cut",
                  place->n_truncated, place->n_rows);
    if (place->n_bad > 0)
        log_write(LOG_WARNING, "%zu bad records were left out%s%s%s", place->n_bad,
                  result->can_resume || place->state == JOURNAL_COMPLETE ? ": see " : "",
                  result->can_resume || place->state == JOURNAL_COMPLETE ? options->output : "",
                  result->can_resume || place->state == JOURNAL_COMPLETE ? ".bad.jsonl" : "");
}

static void tell_how_to_resume(const struct bulk_result *result)
{
    if (result->can_resume)
        log_write(LOG_INFO, "what is saved stays: the same command with --resume goes on");
}

/* The exit status. A signal is no failure, but what cannot be saved after it is. */
static int end_run(enum status status, const struct bulk_result *result, const struct error *error)
{
    if (status)
        log_write(LOG_ERROR, "%s", error->text);
    if (!status && (!stop_signal || result->place.state == JOURNAL_COMPLETE))
        return EXIT_SUCCESS;
    tell_how_to_resume(result);
    return status ? EXIT_FAILURE : 128 + stop_signal;
}

/* A signal that came while the input was opened. */
static int end_early(void)
{
    log_write(LOG_INFO, "stopped before the first text was read");
    return 128 + stop_signal;
}

static int run_bulk(const struct options *options, struct bulk_setup *setup,
                    struct embedder *embedder, struct bulk **ret_bulk)
{
    struct bulk_result result = {0};
    struct error error = {0};
    enum status status = bulk_new(ret_bulk, embedder, setup, &error);

    if (status && stop_signal)
        return end_early();
    if (!status)
        status = bulk_run(*ret_bulk, &result, &error);
    if (!status)
        tell_result(options, &result, embedder_get_info(embedder));
    return end_run(status, &result, &error);
}

static int fail(const struct error *error)
{
    log_write(LOG_ERROR, "%s", error->text);
    return EXIT_FAILURE;
}

/* ---- a file of requests ---- */

static int run_batch(struct bulk_setup *setup, struct office *office, struct batch **ret_batch)
{
    struct bulk_result result = {0};
    struct error error = {0};
    enum status status = batch_new(ret_batch, office, setup, &error);

    if (status && stop_signal)
        return end_early();
    if (!status)
        status = batch_run(*ret_batch, &result, &error);
    if (status)
        return end_run(status, &result, &error);
    log_write(LOG_INFO, "%s %zu requests in %.1f s%s%s",
              result.was_complete ? "complete already: nothing was left of" : "answered",
              result.was_complete ? result.place.n_rows : result.n_texts, result.elapsed_s,
              result.place.n_bad > 0 ? "; bad lines were left out and noted beside " : "",
              result.place.n_bad > 0 ? setup->output : "");
    return end_run(status, &result, &error);
}

static json_t *describe_batch(const struct options *options, const struct bulk_setup *setup,
                              const struct office_info *info)
{
    return json_pack("{s:s, s:s, s:I, s:s, s:b, s:s, s:b}", "model", info->model_name, "dtype",
                     info->dtype, "vector_digest", (json_int_t)info->digest, "input_format",
                     "batch", "auto_truncate", (int)options->auto_truncate, "shard",
                     options->shard ? options->shard : "0/1", "skip_bad_lines",
                     (int)setup->skips_bad);
}

static int command_batch(const struct options *options, struct bulk_setup *setup)
{
    struct office *office = NULL;
    struct batch *batch = NULL;
    struct error error = {0};
    int exit_status;
    enum status status = office_open(&office, options, &error);

    if (status == STATUS_INVALID || status == STATUS_UNSUPPORTED)
        return command_complain(options, error.text);
    if (!status && !catch_signals())
        status = error_set(&error, STATUS_NO_MEMORY, "not enough descriptors to start");
    if (!status)
        setup->run = describe_batch(options, setup, office_get_info(office));
    setup->wake = wake;
    if (status || !setup->run) {
        (void)error_set(&error, STATUS_NO_MEMORY, "not enough memory to start");
        exit_status = fail(&error);
    } else {
        exit_status = run_batch(setup, office, &batch);
    }
    office_close(office);
    batch_free(batch);
    json_decref(setup->run);
    return exit_status;
}

static int run_embedder(const struct options *options, struct bulk_setup *setup,
                        struct embedder *embedder, struct bulk **ret_bulk)
{
    struct error error = {0};
    json_int_t digest = 0;
    json_t *run;

    if (embedder_find_prompt(embedder, options->prompt_name, &setup->prompt, &error))
        return command_complain(options, error.text);
    if (!options->url && digest_model(embedder, setup->prompt, &digest, &error))
        return fail(&error);
    run = describe_run(options, setup, embedder_get_info(embedder), digest);
    if (!run) {
        (void)error_set(&error, STATUS_NO_MEMORY, "not enough memory to start");
        return fail(&error);
    }
    setup->run = run;
    setup->wake = wake;
    return run_bulk(options, setup, embedder, ret_bulk);
}

int command_embed(const struct options *options)
{
    const struct option_numbers *dims = &options->dimensions;
    struct bulk_setup setup = {0};
    struct embedder *embedder = NULL;
    struct bulk *bulk = NULL;
    struct error error = {0};
    enum status status = read_setup(options, &setup, &error);
    int exit_status;

    if (!status)
        status = check_targets(&setup, &error);
    if (status)
        return command_complain(options, error.text);
    if (is_batch(options))
        return command_batch(options, &setup);
    status = embedder_open(&embedder, options,
                           dims->n_values ? (long)dims->values[0] : EMBEDDER_DEFAULT_DIMS, &error);
    if (status == STATUS_INVALID || status == STATUS_UNSUPPORTED)
        return command_complain(options, error.text);
    if (status)
        return fail(&error);
    if (catch_signals()) {
        exit_status = run_embedder(options, &setup, embedder, &bulk);
    } else {
        (void)error_set(&error, STATUS_NO_MEMORY, "not enough descriptors to start");
        exit_status = fail(&error);
    }
    embedder_close(embedder); /* what it still has is the bulk's */
    bulk_free(bulk);
    json_decref(setup.run);
    return exit_status;
}
