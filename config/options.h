/* SPDX-License-Identifier: Apache-2.0 */

/* The program's options, from the one table in options.def: defaults, then the JSON file of
 * --config, then NESTD_* environment variables, then flags; the later wins. This folder knows
 * nothing of engine or server. */
#ifndef NESTD_CONFIG_OPTIONS_H
#define NESTD_CONFIG_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* A field per option, named as its flag with underscores; the types:
 *   TEXT    const char *   NULL when absent
 *   SECRET  const char *   a TEXT that no message shows
 *   LIST    struct option_list, values split at commas; a repeated flag appends; a JSON array
 *   NUMBERS struct option_numbers, a LIST of whole numbers, each within [least, most]
 *   NUMBER  int64_t        within [least, most]
 *   BYTES   int64_t        a number, or one with KiB, MiB, GiB
 *   SECONDS double
 *   SWITCH  bool           "true" / "false"; the flag without a value means true
 *   CHOICE  const char *   one of the words that the table lists, separated by '|' */
enum { OPTIONS_MAX_VALUES = 1024 };

enum { OPTIONS_MAX_MODELS = 64 };

/* With less, a body that --payload-limit allows would be refused, or a small request beside it. */
enum {
    OPTIONS_MIN_MEMORY_LIMIT = 16 << 20,
    OPTIONS_MEMORY_PER_PAYLOAD = 4,
};

/* What nestd is to do: its first argument, or without one OPTIONS_SERVE. */
enum options_command {
    OPTIONS_SERVE,
    OPTIONS_EMBED,
    OPTIONS_EVALUATE,
    N_OPTIONS_COMMANDS,
};

/* "serve", "embed", "evaluate" */
const char *options_command_name(enum options_command command);

struct option_list {
    const char **values; /* [n_values] */
    size_t n_values;     /* at most OPTIONS_MAX_VALUES */
};

struct option_numbers {
    const int64_t *values; /* [n_values] */
    size_t n_values;       /* at most OPTIONS_MAX_VALUES */
};

struct options {
    struct option_storage *storage; /* private: owns every text */
    enum options_command command;
    struct options
        *more; /* [n_more]: of a server's further models, all options as they hold for each */
    size_t n_more;
#define OPTION(commands, field, type, ...) OPTION_FIELD_##type(field)
#define OPTION_FIELD_TEXT(field)           const char *field;
#define OPTION_FIELD_SECRET(field)         const char *field;
#define OPTION_FIELD_LIST(field)           struct option_list field;
#define OPTION_FIELD_NUMBERS(field)        struct option_numbers field;
#define OPTION_FIELD_NUMBER(field)         int64_t field;
#define OPTION_FIELD_BYTES(field)          int64_t field;
#define OPTION_FIELD_SECONDS(field)        double field;
#define OPTION_FIELD_SWITCH(field)         bool field;
#define OPTION_FIELD_CHOICE(field)         const char *field;
#include "config/options.def"
};

enum options_outcome {
    OPTIONS_RUN,      /* all is well: *ret_options is filled */
    OPTIONS_HELP,     /* --help: print it, exit 0 */
    OPTIONS_VERSION,  /* --version */
    OPTIONS_DESCRIBE, /* --describe: print `describe`, exit 0 */
    OPTIONS_BAD,      /* `problem` says what is wrong and what is allowed: exit 2 */
};

/* Prints the options table as something else. */
typedef void options_description(FILE *file);

struct options_report {
    enum options_command command; /* what --help is to describe */
    options_description *describe;
    char problem[512];
    char warnings[4][256]; /* [n_warnings], such as an ignored NESTD_PORT=tcp://... */
    size_t n_warnings;
};

/* argv[0] is skipped; envp is the environment, NULL-terminated. An option of another command is
 * refused as a flag, and ignored in the environment and the file, which may be there for all
 * commands. *ret_options is touched only with OPTIONS_RUN; then max_request_tokens is at most
 * max_queue_tokens, and there is a model_id, a health_check or, for the other commands than
 * OPTIONS_SERVE, a url. A server may have several models: --model-id is given again, or its
 * variable lists them, or `models` in the file does. What follows a --model-id then holds for that
 * model, and what precedes the first, for all; so does what is in an object of `models`, and beside
 * it.
 * *report is overwritten. */
enum options_outcome options_read(int argc, char *const *argv, char *const *envp,
                                  struct options *ret_options, struct options_report *report);
void options_release(struct options *options); /* and zeroes them; NULL is allowed */

/* The options as they hold for the i-th of 1 + n_more models. */
const struct options *options_of_model(const struct options *options, size_t i);

/* Overwrites hf_token, which is NULL from then on. */
void options_wipe_hf_token(struct options *options);

/* The text of --help: the command's options, with default, limits and sentence, in lines of
 * `n_columns`, but at least 72 and at most 100. */
void options_print_help(FILE *file, enum options_command command, int n_columns);

#endif
