/* SPDX-License-Identifier: Apache-2.0 */

/* Where the values of a JSON text are, so that one can be changed with the rest as it was. */
#ifndef NESTD_TESTS_DAMAGE_JSON_TEXT_H
#define NESTD_TESTS_DAMAGE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

struct json_value {
    size_t start; /* in the text: of the value, its key not counted */
    size_t stop;
    size_t key_start; /* of a member, with the quotes; 0 of others */
    size_t key_stop;
    size_t parent; /* of the first value, the whole: itself */
    size_t first_child;
    size_t n_children;
    size_t next; /* child of the same parent; 0: none */
};

struct json_text {
    struct json_value *values; /* [n_values], each before those in it */
    size_t n_values;
};

/* False where the text is no JSON, as far as this needs it. Release it either way. */
bool json_text_scan(struct json_text *ret_json, const char *text, size_t len);
void json_text_release(struct json_text *json);

#endif
