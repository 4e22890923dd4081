/* SPDX-License-Identifier: Apache-2.0 */

/* What shells complete a command line by. For the files of config/ only. */
#ifndef NESTD_CONFIG_DESCRIBE_SHELLS_H
#define NESTD_CONFIG_DESCRIBE_SHELLS_H

#include "config/options.h"

options_description describe_bash;
options_description describe_zsh;
options_description describe_fish;

#endif
