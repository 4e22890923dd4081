/* SPDX-License-Identifier: Apache-2.0 */

/* The options while they are being read: values, where each is from, and the message that ends the
 * reading. Of several models each has all options, and they are read once for each. For the files of
 * config/ only. */
#ifndef NESTD_CONFIG_READING_H
#define NESTD_CONFIG_READING_H

#include "config/option.h"
#include "config/options.h"

#include <stdbool.h>
#include <stddef.h>

struct foreign_unused;
struct json_t;

struct reading {
    /* What the program is started with, the same for each model. */
    int argc;
    char *const *argv;
    char *const *envp;
    int first_flag;               /* past the command in argv */
    const char *file_path;        /* of --config or NESTD_CONFIG; NULL: no file */
    struct json_t *file;          /* an object, owned; NULL: no file */
    size_t n_flag_models;         /* that flags name */
    const char *flag_model;       /* the last of them; NULL: none */
    size_t n_file_models;         /* that the file lists */
    size_t n_models;              /* that are read */
    size_t first_model;           /* of those that the source lists */
    enum option_source models_of; /* which source lists them */
    enum options_outcome outcome; /* what the flags ask for */
    struct options_report *report;
    /* Of the model that is read. */
    size_t model; /* which one, by number */
    struct options options;
    enum option_source sources[N_OPTIONS]; /* where each value is from */
    bool
        is_common[N_OPTIONS]; /* said of all models, and may be said anew of the one that is read */
    char unused[160];         /* "--dense-path, DISABLE_SPANS": given, without effect */
};

/* Text from outside on its way into a message: cut, and without control characters. */
struct shown {
    char text[100];
};

struct shown shown_of(const char *text, size_t len_bytes);
struct shown shown_of_string(const char *text);

/* "--port", "NESTD_PORT", "nestd.json: port", "nestd.json: models[1].dtype" */
struct place {
    char text[sizeof(struct shown) + sizeof(struct option_name) + sizeof(": models[63].")];
};

struct place reading_name_place(const struct reading *reading, const struct option *option,
                                enum option_source source);

/* Each sets the message and returns false, so that a failing function can end with it. A value that
 * is refused, here or anywhere in the program, is told as PLACE=VALUE: expected WHAT. */
bool reading_complain(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
bool reading_refuse_value(struct reading *reading, const struct option *option,
                          enum option_source source, const char *value);
bool reading_refuse_name(struct reading *reading, const char *what, enum option_source source,
                         const char *name, size_t len_bytes);

/* Adds to the warnings, while there is room; what is said of several models is said once. */
void reading_warn(struct reading *reading, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The option's value is from this source now; a LIST of a weaker source is emptied. */
void reading_take_source(struct reading *reading, const struct option *option,
                         enum option_source source);

/* Sets the value. If this source has given it before, or it is not what the option expects,
 * complains and returns false. */
bool reading_set(struct reading *reading, const struct option *option, enum option_source source,
                 const char *value);

/* Remembers a name that is given, but has no effect here, for one warning of all. */
void reading_note_unused(struct reading *reading, const struct foreign_unused *unused,
                         enum option_source source);

/* The command line (options_flags.c): its first argument is a command, unless it is a flag; what its
 * flags say of the other sources, and how many models they name; sets what they say of the model that is
 * read. */
bool reading_read_command(struct reading *reading);
bool reading_scan_flags(struct reading *reading);
bool reading_set_from_flags(struct reading *reading);

/* The JSON file at reading->file_path, if there is one (options_file.c): loads it and counts the models
 * that it lists; counts those of a model_id, and sets the number of the last; sets what it says of the
 * model that is read; lets go of it. */
bool reading_open_file(struct reading *reading);
size_t reading_find_file_model(const struct reading *reading, const char *model_id,
                               size_t *ret_model);
bool reading_set_from_file(struct reading *reading);
void reading_close_file(struct reading *reading);

/* The environment (options_environment.c): looks for NESTD_CONFIG alone, unless the file is known;
 * the variable of a source that lists models, NULL if there is none, and how many it lists; sets what
 * our variables say; what those of Text Embeddings Inference say. */
void reading_find_file(struct reading *reading);
const char *reading_find_listed(const struct reading *reading, enum option_source source);
size_t reading_count_listed(const struct reading *reading, enum option_source source);
bool reading_set_from_environment(struct reading *reading);
bool reading_set_from_tei_environment(struct reading *reading);

#endif
