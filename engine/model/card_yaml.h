/* SPDX-License-Identifier: Apache-2.0 */

/* Reads YAML that nobody vouches for, by libyaml's event parser. Any thread.
 *
 * A scalar becomes a string with the text as written, so that no digit is lost, and an empty or
 * null plain scalar becomes null. Tags and anchors are ignored. An alias becomes null: it is never
 * followed, so a short file cannot unfold into a large tree. Of a key that comes twice the last
 * value counts, as in PyYAML; a key that is not a scalar is dropped with its value. */
#ifndef NESTD_ENGINE_MODEL_CARD_YAML_H
#define NESTD_ENGINE_MODEL_CARD_YAML_H

#include "engine/base/status.h"

#include <jansson.h>
#include <stddef.h>

enum {
    CARD_YAML_MAX_BYTES = 1 << 20,
    CARD_YAML_MAX_DEPTH = 32,
    CARD_YAML_MAX_VALUES = 1 << 16,
};

/* The first document of `text`, UTF-8; null if there is none. `name` and `first_line` say in
 * complaints where the text stands. STATUS_INVALID for what is malformed or beyond the limits. The
 * caller gives *ret_root back with json_decref. */
MUST_CHECK enum status card_yaml_read(json_t **ret_root, const char *text, size_t len_bytes,
                                      const char *name, size_t first_line, struct error *error);

#endif
