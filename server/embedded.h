/* SPDX-License-Identifier: Apache-2.0 */

/* Files of this folder that are part of the program: made at build time by embed.py, which
 * meson.build tells what there is. Read-only; any thread. */
#ifndef NESTD_SERVER_EMBEDDED_H
#define NESTD_SERVER_EMBEDDED_H

#include "server/slice.h"

extern const struct slice embedded_openapi; /* openapi.json, whose ${...} openapi.c fills in */

#endif
