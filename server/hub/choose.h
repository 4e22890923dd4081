/* SPDX-License-Identifier: Apache-2.0 */

/* Which of a model's files are needed to serve it. Models come with the same weights in several
 * formats, for other programs; of all that only safetensors are taken, and the small files that
 * say what the model is. Pure. */
#ifndef NESTD_SERVER_HUB_CHOOSE_H
#define NESTD_SERVER_HUB_CHOOSE_H

#include "server/hub/listing.h"

#include <stddef.h>

/* It names the folders of the model's modules, and is needed first of all. */
#define HUB_MODULES_FILE "modules.json"

/* Sets is_wanted in each file. `modules` is the text of modules.json, NULL where the model has
 * none. UNSUPPORTED where the model has nothing that could be served: no config.json, no
 * safetensors; the error does not name the model. */
MUST_CHECK enum status hub_choose(struct hub_listing *listing, const char *modules,
                                  size_t len_bytes, struct error *error);

#endif
