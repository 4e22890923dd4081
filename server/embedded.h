/* SPDX-License-Identifier: Apache-2.0 */

/* Files of this folder that are part of the program: made at build time by embed.py, which
 * meson.build tells what there is. Read-only; any thread. */
#ifndef NESTD_SERVER_EMBEDDED_H
#define NESTD_SERVER_EMBEDDED_H

#include "server/text/slice.h"

extern const struct slice embedded_openapi; /* openapi.json, whose ${...} openapi.c fills in */

/* A file of web/; web/meson.build lists them all. */
struct embedded_file {
    const char *name; /* its path in web/ */
    struct slice content;
};

extern const struct embedded_file embedded_web[]; /* [n_embedded_web] */
extern const size_t n_embedded_web;

#endif
