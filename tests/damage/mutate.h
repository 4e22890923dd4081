/* SPDX-License-Identifier: Apache-2.0 */

/* Damage to a file, as random numbers decide: to JSON mostly a value, a key or a member, seldom
 * bytes; to safetensors the header, its length, or the numbers; to others bytes. */
#ifndef NESTD_TESTS_DAMAGE_MUTATE_H
#define NESTD_TESTS_DAMAGE_MUTATE_H

#include "tests/damage/bytes.h"
#include "tests/damage/random.h"

void mutate_bytes(struct bytes *bytes, struct random *random);
void mutate_json(struct bytes *bytes, struct random *random);
void mutate_safetensors(struct bytes *bytes, struct random *random);

/* The one that the file's name calls for. */
void mutate_file(struct bytes *bytes, const char *name, struct random *random);

#endif
