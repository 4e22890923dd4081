/* SPDX-License-Identifier: Apache-2.0 */

/* nestd(1), the manual page. For the files of config/ only. */
#ifndef NESTD_CONFIG_DESCRIBE_MAN_H
#define NESTD_CONFIG_DESCRIBE_MAN_H

#include "config/options.h"

options_description describe_man;

#endif
