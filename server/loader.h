/* SPDX-License-Identifier: Apache-2.0 */

/* Loads the model on a thread of its own, while the port is open already (promise 7). For main. */
#ifndef NESTD_SERVER_LOADER_H
#define NESTD_SERVER_LOADER_H

#include "engine/engine.h"

struct loader;
struct server;

MUST_CHECK enum status loader_new(struct loader **ret_loader, struct server *server);

/* A descriptor that can be read once loading has ended. */
int loader_descriptor(const struct loader *loader);

/* Waits for the end of loading, joins the thread and frees the loader. OK: server->rules and then
 * server->engine are set, and the server is SERVING unless it was told to stop meanwhile. */
MUST_CHECK enum status loader_finish(struct loader *loader, struct error *error);

#endif
