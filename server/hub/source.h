/* SPDX-License-Identifier: Apache-2.0 */

/* From --model-id to a folder with a model: the one way that every command goes.
 *
 *     a folder with a model          itself
 *     models--X--Y of a hub's cache  its snapshot of --revision
 *     a hub's cache of one model     the same
 *     ORG/NAME, where no such folder is: the model of that name, from the cache or the hub
 *
 * A download runs in a process of its own, which is forked before there are threads, and which
 * alone knows the token: what the network and a hub can do to it, it does to that process. It ends
 * with this one, however that ends. */
#ifndef NESTD_SERVER_HUB_SOURCE_H
#define NESTD_SERVER_HUB_SOURCE_H

#include "engine/engine.h"

#include <stdbool.h>
#include <stdint.h>

struct hub_source;
struct options;

/* Finds the folder, or starts to get it. While there is one thread. An error names the option, and is
 * to be told before anything else is done. What is no model's folder is left to the engine to
 * refuse. */
MUST_CHECK enum status hub_source_open(struct hub_source **ret_source,
                                       const struct options *options, struct error *error);

/* Whether hub_source_wait has something to wait for. */
bool hub_source_is_coming(const struct hub_source *source);

/* Waits for a download to end, and shows how far it is; `report`, which may be NULL, is told too,
 * on this thread. OK: the folder is known. */
typedef void hub_report(void *user, uint64_t done_bytes, uint64_t total_bytes);
MUST_CHECK enum status hub_source_wait(struct hub_source *source, hub_report *report, void *user,
                                       struct error *error);

/* The model's folder, once it is known; borrowed. */
const char *hub_source_folder(const struct hub_source *source);

/* Ends a download that still runs; what it has got is kept. NULL is allowed. */
void hub_source_free(struct hub_source *source);

#endif
