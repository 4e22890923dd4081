/* SPDX-License-Identifier: Apache-2.0 */

/* An option's parts as --describe prints them. For the files of config/ only. */
#ifndef NESTD_CONFIG_DESCRIBE_TEXT_H
#define NESTD_CONFIG_DESCRIBE_TEXT_H

#include "config/option.h"

#include <stdbool.h>
#include <stdio.h>

/* Prints text, with other texts for some of its characters: `pairs` has a character and its text
 * in turn, and ends with NULL. */
void describe_print(FILE *file, const char *text, const char *const *pairs);

/* Whether its value is the name of a file or a folder. */
bool describe_is_path(const struct option *option);

/* Prints the words of a CHOICE or a SWITCH, with blanks between. */
bool describe_has_words(const struct option *option);
void describe_print_words(FILE *file, const struct option *option);

#endif
