/* SPDX-License-Identifier: Apache-2.0 */

/* Writes what a model's card says, for /info. Any thread. */
#ifndef NESTD_SERVER_API_CARD_JSON_H
#define NESTD_SERVER_API_CARD_JSON_H

struct buffer;
struct card;

/* Members of an object, each with a comma before it: license, base_model, examples, model_index. */
void card_json_write(struct buffer *buffer, const struct card *card);

#endif
