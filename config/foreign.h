/* SPDX-License-Identifier: Apache-2.0 */

/* Names and words that are taken beside the options' own: short flags, and those of Text Embeddings
 * Inference (TEI). They are the last rows of options.def. For the files of config/ only. */
#ifndef NESTD_CONFIG_FOREIGN_H
#define NESTD_CONFIG_FOREIGN_H

#include "config/option.h"

#include <stddef.h>

/* An option of TEI that nestd takes without doing anything. */
struct foreign_unused {
    const char *name;     /* max_batch_requests */
    const char *argument; /* "": a switch */
    const char *sentence; /* why it is not used */
};

enum {
    N_FOREIGN_UNUSED = 0
#define TEI_UNUSED(name, argument, sentence) +1
#include "config/options.def"
};

extern const struct foreign_unused foreign_unused_table[N_FOREIGN_UNUSED];

/* The option that this flag or, with OPTION_SOURCE_TEI, this variable sets; NULL if there is none. */
const struct option *foreign_find(enum option_source source, const char *name, size_t len_bytes);

/* The same for those that are not used. */
const struct foreign_unused *foreign_find_unused(enum option_source source, const char *name,
                                                 size_t len_bytes);

/* TEI's variable for the option, which has one: "PORT". */
struct option_name foreign_spell_variable(const struct option *option);

/* The i-th other flag of the option, "-p"; empty: there are no more. */
struct option_name foreign_list_flag(const struct option *option, size_t i);

/* Our word for a value, which is the value itself if there is no other. *ret_note says what the log
 * should say about it; NULL: nothing. */
const char *foreign_translate(const struct option *option, const char *value,
                              const char **ret_note);

#endif
