/* SPDX-License-Identifier: Apache-2.0 */

/* The pages for people: the playground at /, the API's documentation at /docs, guides under /guide/
 * and their files under /web/. All are part of the program (web/, embedded.h). Handlers of routes.c, on the HTTP
 * thread. */
#ifndef NESTD_SERVER_API_PAGES_H
#define NESTD_SERVER_API_PAGES_H

#include "server/exchange/route.h"

struct request;

enum route_outcome pages_get_playground(struct request *request);
enum route_outcome pages_get_docs(struct request *request);
enum route_outcome pages_get_guide(struct request *request);
enum route_outcome pages_get_file(struct request *request);

#endif
