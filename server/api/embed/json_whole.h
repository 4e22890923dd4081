/* SPDX-License-Identifier: Apache-2.0 */

/* Whole numbers of a JSON tree, however they are written: 64, 64.0 and 6.4e1 are the same number to
 * JSON and to its schemas. */
#ifndef NESTD_SERVER_API_EMBED_JSON_WHOLE_H
#define NESTD_SERVER_API_EMBED_JSON_WHOLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* False: not a number, or not whole. Beyond 64 bits it is INT64_MAX or INT64_MIN, for the caller's
 * range check to refuse. */
bool json_to_whole(const json_t *json, int64_t *ret_whole);

/* A number as text, for messages. */
struct json_number_text {
    char text[32];
};
struct json_number_text json_number_text_of(const json_t *json);

#endif
