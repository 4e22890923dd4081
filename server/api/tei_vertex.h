/* SPDX-License-Identifier: Apache-2.0 */

/* POST /vertex: TEI's /embed in the envelope of Google's Vertex AI. Handlers of routes.c. */
#ifndef NESTD_SERVER_API_TEI_VERTEX_H
#define NESTD_SERVER_API_TEI_VERTEX_H

#include "server/exchange/route.h"

struct request;

enum route_outcome tei_vertex_start(struct request *request);
void tei_vertex_finish(struct request *request);

#endif
