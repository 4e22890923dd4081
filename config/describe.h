/* SPDX-License-Identifier: Apache-2.0 */

/* --describe: the options table as a manual page, or as what a shell completes a command line by,
 * for a package to install. For the files of config/ only. */
#ifndef NESTD_CONFIG_DESCRIBE_H
#define NESTD_CONFIG_DESCRIBE_H

#include "config/option.h"
#include "config/options.h"

#include <stdbool.h>
#include <stdio.h>

/* What prints the file of that name: "man", "bash", "zsh", "fish"; NULL if there is none. */
options_description *describe_find(const char *name);

options_description describe_man;
options_description describe_bash;
options_description describe_zsh;
options_description describe_fish;

/* Prints text, with other texts for some of its characters: `pairs` has a character and its text
 * in turn, and ends with NULL. */
void describe_print(FILE *file, const char *text, const char *const *pairs);

/* Whether its value is the name of a file or a folder. */
bool describe_is_path(const struct option *option);

/* Prints the words of a CHOICE or a SWITCH, with blanks between. */
bool describe_has_words(const struct option *option);
void describe_print_words(FILE *file, const struct option *option);

#endif
