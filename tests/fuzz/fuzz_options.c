/* SPDX-License-Identifier: Apache-2.0 */

/* Options from hostile flags, environment and file. The input is pieces that end with NUL; the
 * first byte of each says where the rest goes: f a flag, e a variable (after NESTD_), j the JSON
 * file. */
#include "config/options.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { MAX_PIECES = 64 };

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

struct start {
    char *argv[MAX_PIECES + 2];
    char *envp[MAX_PIECES + 1];
    int argc;
    size_t n_variables;
};

static char *join(const char *prefix, const char *text)
{
    char *joined;

    if (asprintf(&joined, "%s%s", prefix, text) < 0)
        abort();
    return joined;
}

static void write_file(int file, const char *text)
{
    if (ftruncate(file, 0) != 0 || pwrite(file, text, strlen(text), 0) < 0)
        abort();
}

/* No other file than ours is to be opened, so what names one is left out. */
static void add_piece(struct start *start, int file, const char *piece)
{
    switch (piece[0]) {
    case 'f':
        if (strncmp(piece + 1, "--config", 8) != 0)
            start->argv[start->argc++] = join("", piece + 1);
        break;
    case 'e':
        if (strncmp(piece + 1, "CONFIG=", 7) != 0)
            start->envp[start->n_variables++] = join("NESTD_", piece + 1);
        break;
    case 'j':
        write_file(file, piece + 1);
        break;
    }
}

static void check_model(const struct options *options)
{
    if ((!options->model_id && !options->health_check) || options->port < 0 ||
        options->port > 65535 || options->payload_limit < 1024 ||
        !(options->request_timeout >= 1) || options->model_alias.n_values > OPTIONS_MAX_VALUES ||
        options->max_request_tokens > options->max_queue_tokens)
        abort();
    for (size_t i = 0; i < options->model_alias.n_values; i++)
        if (options->model_alias.values[i][0] == '\0')
            abort();
}

static void check(enum options_outcome outcome, const struct options *options,
                  const struct options_report *report)
{
    if ((outcome == OPTIONS_BAD) != (report->problem[0] != '\0'))
        abort();
    if (outcome != OPTIONS_RUN)
        return;
    if (options->n_more >= OPTIONS_MAX_MODELS)
        abort();
    for (size_t i = 0; i <= options->n_more; i++)
        check_model(options_of_model(options, i));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
    static int file = -1;
    char *const text = malloc(len_bytes + 1);
    char config[64];
    struct start start = {.argc = 2};
    struct options options;
    struct options_report report;
    enum options_outcome outcome;
    size_t n_pieces = 0;

    if (!text)
        abort();
    memcpy(text, bytes, len_bytes);
    text[len_bytes] = '\0';
    if (file < 0)
        file = memfd_create("nestd-options", 0);
    snprintf(config, sizeof(config), "--config=/proc/self/fd/%d", file);
    start.argv[0] = join("", "nestd");
    start.argv[1] = join("", config);
    write_file(file, "{}");
    for (char *piece = text; piece < text + len_bytes && n_pieces < MAX_PIECES; n_pieces++) {
        add_piece(&start, file, piece);
        piece += strlen(piece) + 1;
    }

    outcome = options_read(start.argc, start.argv, start.envp, &options, &report);
    check(outcome, &options, &report);
    if (outcome == OPTIONS_RUN)
        options_release(&options);
    for (int i = 0; i < start.argc; i++)
        free(start.argv[i]);
    for (size_t i = 0; i < start.n_variables; i++)
        free(start.envp[i]);
    free(text);
    return 0;
}
