/* SPDX-License-Identifier: Apache-2.0 */

/* Loads the models: first their folders' files, which may be refused; then, on a thread of its own and
 * while the port is already open (promise 7), the weights. For the command serve. */
#ifndef NESTD_SERVER_PROCESS_LOADER_H
#define NESTD_SERVER_PROCESS_LOADER_H

#include "engine/engine.h"

#include <stdbool.h>

struct hub_source;
struct loader;
struct server;

/* `sources` are one for each of the server's models, and must outlive it. */
MUST_CHECK enum status loader_new(struct loader **ret_loader, struct server *server,
                                  struct hub_source *const *sources, struct error *error);

/* Reads the folders, makes the models' limits, and refuses what cannot be served. Not of a model that
 * is coming: there the thread does it. */
MUST_CHECK enum status loader_read(struct loader *loader, struct error *error);

/* After a failure: whether options do not fit the model. */
bool loader_has_bad_options(const struct loader *loader);

/* Starts the thread. The server's port must be open. */
MUST_CHECK enum status loader_start(struct loader *loader);

/* A descriptor that becomes readable when loading has ended. */
int loader_descriptor(const struct loader *loader);

/* Waits for the end of loading and joins the thread. OK: every model's engine is set, and the server is
 * SERVING unless it was told to stop meanwhile. */
MUST_CHECK enum status loader_finish(struct loader *loader, struct error *error);

/* The thread must have ended. Closes the engines that the server did not get. NULL is allowed. */
void loader_free(struct loader *loader);

#endif
