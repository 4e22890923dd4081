/* SPDX-License-Identifier: Apache-2.0 */

/* JSON text to a tree, by jansson. Any thread. */
#ifndef NESTD_ENGINE_FILES_JSON_READ_H
#define NESTD_ENGINE_FILES_JSON_READ_H

#include <jansson.h>
#include <stddef.h>

/* As json_loadb, except that short memory is always a failure here: then *ret_error is all zero.
 * jansson up to 2.14 goes on where the growing buffer of a string finds no memory, and leaves out a
 * character: a text would be encoded that nobody sent. */
json_t *json_read(const char *bytes, size_t len_bytes, size_t flags, json_error_t *ret_error);

#endif
