/* SPDX-License-Identifier: Apache-2.0 */

/* The API keys, and the certificate and key of TLS: read at start, and reloaded on SIGHUP while
 * requests are served. For the command serve. */
#ifndef NESTD_SERVER_PROCESS_CREDENTIALS_H
#define NESTD_SERVER_PROCESS_CREDENTIALS_H

#include "engine/engine.h"

#include <stdbool.h>

struct options;
struct server;

/* Whether the options name a file that can be reloaded. */
bool credentials_have_files(const struct options *options);

/* Fills in *server, and logs what was found. Call credentials_release() even after a failure. */
MUST_CHECK enum status credentials_open(struct server *server, struct error *error);
void credentials_release(struct server *server);

/* Reloads the files. If one is malformed, that is logged, and its old contents stay in force. */
void credentials_reload(struct server *server);

#endif
