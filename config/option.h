/* SPDX-License-Identifier: Apache-2.0 */

/* A row of the options table, and how a name finds it. For the files of config/ only; the rest of
 * the program reads struct options. */
#ifndef NESTD_CONFIG_OPTION_H
#define NESTD_CONFIG_OPTION_H

#include "config/options.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
    OPTION_TEXT,
    OPTION_SECRET,
    OPTION_LIST,
    OPTION_NUMBERS,
    OPTION_NUMBER,
    OPTION_BYTES,
    OPTION_SECONDS,
    OPTION_SWITCH,
    OPTION_CHOICE,
};

enum option_index {
#define OPTION(commands, field, ...) OPTION_INDEX_##field,
#include "config/options.def"
    N_OPTIONS
};

/* Which commands have an option, a set of enum options_command. */
enum option_commands {
    OPTION_FOR_SERVE = 1 << OPTIONS_SERVE,
    OPTION_FOR_EMBED = 1 << OPTIONS_EMBED,
    OPTION_FOR_EVALUATE = 1 << OPTIONS_EVALUATE,
    OPTION_FOR_TOOLS = OPTION_FOR_EMBED | OPTION_FOR_EVALUATE,
    OPTION_FOR_ALL = OPTION_FOR_SERVE | OPTION_FOR_TOOLS,
};

struct option {
    enum option_commands commands;
    const char *field;
    size_t offset; /* of the field in struct options */
    enum option_type type;
    const char *default_text; /* read as any other value is; NULL: none */
    int64_t min, max;         /* of NUMBER, NUMBERS, BYTES, SECONDS */
    const char *argument;
    const char *sentence;
};

extern const struct option option_table[N_OPTIONS];

/* The heading of the group that lists it. It is one text for all options of a group. */
const char *option_get_heading(const struct option *option);

/* Whether the command has it. */
bool option_is_of(const struct option *option, enum options_command command);

/* Whether each of several models has its own. */
bool option_is_of_model(const struct option *option);

/* Whether the option takes any number of values: LIST and NUMBERS. */
bool option_is_list(const struct option *option);

/* Where a value came from; the later wins. */
enum option_source {
    OPTION_SOURCE_DEFAULT,
    OPTION_SOURCE_FILE,
    OPTION_SOURCE_TEI,        /* a variable of Text Embeddings Inference (foreign.h) */
    OPTION_SOURCE_FILE_MODEL, /* the file's object of one of several models */
    OPTION_SOURCE_ENVIRONMENT,
    OPTION_SOURCE_FLAG,
};

/* An option's name as it is written in a source: --max-batch-tokens, NESTD_MAX_BATCH_TOKENS,
 * max_batch_tokens. Of a default, the flag. */
struct option_name {
    char text[64];
};
struct option_name option_spell(const struct option *option, enum option_source source);

/* The same for any name with underscores. */
struct option_name option_spell_field(const char *field, enum option_source source);

/* The option with this name, as spelled in that source; NULL if there is no such option. */
const struct option *option_find(enum option_source source, const char *name, size_t len_bytes);

/* The option of that command whose name is one or two typing errors away; NULL if there is none. */
const struct option *option_find_nearest(enum options_command command, enum option_source source,
                                         const char *name, size_t len_bytes);

/* What its value may be, for a person: "a whole number from 1 to 256". */
struct option_expected {
    char text[160];
};
struct option_expected option_expect(const struct option *option);

/* The commands that have it: "nestd embed and nestd evaluate". */
struct option_owners {
    char text[64];
};
struct option_owners option_name_owners(const struct option *option);

/* A limit as a person writes it: 4GiB, 65535. */
struct option_limit {
    char text[32];
};
struct option_limit option_format_limit(const struct option *option, int64_t limit);

#endif
