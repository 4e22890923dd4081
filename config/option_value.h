/* SPDX-License-Identifier: Apache-2.0 */

/* Values of options: strict reading of their text, and the memory that they need. For the files of
 * config/ only. */
#ifndef NESTD_CONFIG_OPTION_VALUE_H
#define NESTD_CONFIG_OPTION_VALUE_H

#include <stddef.h>

struct option;
struct options;

enum option_result {
    OPTION_SET,
    OPTION_REFUSED, /* not what option_expect() says; the field is as it was */
    OPTION_NO_MEMORY,
};

/* Reads the whole text and sets the option's field; the field of a LIST or of NUMBERS gets the
 * values appended. What the field points at belongs to `options`, until option_values_release. */
enum option_result option_set(const struct option *option, const char *text,
                              struct options *options);

/* Empties a LIST or NUMBERS. */
void option_clear_list(const struct option *option, struct options *options);

/* Frees what every option_set has allocated. */
void option_values_release(struct options *options);

#endif
