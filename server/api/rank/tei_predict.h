/* SPDX-License-Identifier: Apache-2.0 */

/* POST /predict, as Text Embeddings Inference has it. Handlers of routes.c. */
#ifndef NESTD_SERVER_API_RANK_TEI_PREDICT_H
#define NESTD_SERVER_API_RANK_TEI_PREDICT_H

#include "server/exchange/route.h"

#include <stdbool.h>

struct body_object;
struct decoding;
struct request;

bool tei_predict_read(struct decoding *decoding, const struct body_object *root);
enum route_outcome tei_predict_start(struct request *request);
void tei_predict_finish(struct request *request);

#endif
