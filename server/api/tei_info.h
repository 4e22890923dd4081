/* SPDX-License-Identifier: Apache-2.0 */

/* What Text Embeddings Inference tells of its model and limits, and what we tell beside it. A
 * handler of routes.c. */
#ifndef NESTD_SERVER_API_TEI_INFO_H
#define NESTD_SERVER_API_TEI_INFO_H

#include "server/exchange/route.h"

struct request;

enum route_outcome tei_info(struct request *request); /* GET /info */

#endif
