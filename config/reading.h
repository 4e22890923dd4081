/* SPDX-License-Identifier: Apache-2.0 */

/* The options while they are being read: values, where each is from, and the message that ends the
 * reading. For the files of config/ only. */
#ifndef NESTD_CONFIG_READING_H
#define NESTD_CONFIG_READING_H

#include "config/option.h"
#include "config/options.h"

#include <stdbool.h>
#include <stddef.h>

struct foreign_unused;

struct reading {
    struct options options;
    enum option_source sources[N_OPTIONS]; /* where each value is from */
    bool
        is_common[N_OPTIONS]; /* said of all models, and may be said anew of the one that is read */
    size_t model;             /* the one that is read, by number */
    size_t n_models;          /* that a variable lists */
    size_t n_flag_models;     /* that flags name */
    int first_flag;           /* past the command in argv */
    const char *file_path;    /* of --config or NESTD_CONFIG; NULL: no file */
    enum options_outcome outcome; /* what the flags ask for */
    char unused[160];             /* "--dense-path, DISABLE_SPANS": given, without effect */
    struct options_report *report;
};

/* Text from outside on its way into a message: cut, and without control characters. */
struct shown {
    char text[100];
};

struct shown shown_of(const char *text, size_t len_bytes);
struct shown shown_of_string(const char *text);

/* "--port", "NESTD_PORT", "nestd.json: port" */
struct place {
    char text[sizeof(struct shown) + sizeof(struct option_name) + 2];
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

/* Adds to the warnings, while there is room. */
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

/* Reads the JSON file at reading->file_path (options_file.c). */
bool reading_set_from_file(struct reading *reading);

/* Each reads an environment (options_environment.c): NESTD_CONFIG alone, unless the file is known;
 * our variables; those of Text Embeddings Inference. */
void reading_find_file(struct reading *reading, char *const *envp);
bool reading_set_from_environment(struct reading *reading, char *const *envp);
bool reading_set_from_tei_environment(struct reading *reading, char *const *envp);

#endif
