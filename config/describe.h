/* SPDX-License-Identifier: Apache-2.0 */

/* --describe: the options table as a manual page, or as what a shell completes a command line by,
 * for a package to install. */
#ifndef NESTD_CONFIG_DESCRIBE_H
#define NESTD_CONFIG_DESCRIBE_H

#include "config/options.h"

/* What prints the file of that name: "man", "bash", "zsh", "fish"; NULL if there is none. */
options_description *describe_find(const char *name);

#endif
