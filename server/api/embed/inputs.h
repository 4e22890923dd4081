/* SPDX-License-Identifier: Apache-2.0 */

/* The texts and token IDs of a body: a part of decode.h. */
#ifndef NESTD_SERVER_API_EMBED_INPUTS_H
#define NESTD_SERVER_API_EMBED_INPUTS_H

#include "server/api/embed/decode.h"

/* A text, a list of texts, a list of token ids or a list of such lists; `mixed`: a list may hold
 * both texts and lists of token ids. */
bool decode_input(struct decoding *decoding, const json_t *json, const char *path, bool mixed);

/* Only token IDs: one list or a list of lists, together no more than the maximum tokens of a
 * request. */
bool decode_ids(struct decoding *decoding, const json_t *json, const char *path);

/* Cohere's inputs: a list of {"content":[{"type":"text","text":...}]}. */
bool decode_contents(struct decoding *decoding, const struct body_object *object, const char *name);

/* Vertex AI's instances: a list of {"type":"embed","inputs":text}, with other fields beside them. */
bool decode_instances(struct decoding *decoding, const struct body_object *object,
                      const char *name);

/* What every list and every text is held to: 1 to the maximum of items, and no text is empty.
 * `path` is the field's, `item_path` the text's own. */
bool inputs_check_count(struct decoding *decoding, size_t n, const char *path);
bool inputs_get_text(struct decoding *decoding, const json_t *json, const char *path,
                     const char *item_path, struct slice *ret_text);

/* Only texts, in one field or in two; `columns` may be NULL. */
bool decode_texts(struct decoding *decoding, const json_t *rows, const char *row_field,
                  const json_t *columns, const char *column_field);

#endif
