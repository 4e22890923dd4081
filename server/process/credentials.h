/* SPDX-License-Identifier: Apache-2.0 */

/* The keys that requests must bear, and the certificate and key of TLS: read at start, and again on
 * SIGHUP, while requests are served. For main. */
#ifndef NESTD_SERVER_PROCESS_CREDENTIALS_H
#define NESTD_SERVER_PROCESS_CREDENTIALS_H

#include "engine/engine.h"

#include <stdbool.h>

struct options;
struct server;

/* Whether the options name a file that can be read again. */
bool credentials_have_files(const struct options *options);

/* Fills in *server, and says in the log what was found; credentials_release lets go of it, even
 * after a failure. */
MUST_CHECK enum status credentials_open(struct server *server, struct error *error);
void credentials_release(struct server *server);

/* Reads the files again. What is wrong with one is logged, and what it held before stays in force.
 */
void credentials_reload(struct server *server);

#endif
