/* SPDX-License-Identifier: Apache-2.0 */

/* tokenizer.json's five parts (normalizer, pre-tokenizer, model, post-processor, decoder) are
 * objects with a "type". Each kind of part has a table from "type" to the function that reads it. */
#ifndef NESTD_ENGINE_TOKENIZER_PART_TABLE_H
#define NESTD_ENGINE_TOKENIZER_PART_TABLE_H

#include "engine/files/document.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct part_row {
    const char *type;
    /* Adds what the object says to `into`, whose type the table's users agree on. */
    enum status (*read)(void *into, const struct document *part, struct error *error);
};

struct part_table {
    const struct part_row *rows;
    size_t n_rows;
    /* The key of a "Sequence"'s list, whose members are read in turn; NULL: there is none. */
    const char *sequence_key;
};

/* Reads a part by its "type". STATUS_UNSUPPORTED for a type that is not in the table. */
MUST_CHECK enum status part_table_read(const struct part_table *table, void *into,
                                       const struct document *part, struct error *error);

/* STATUS_INVALID where a key of needed[n_needed] is absent or null. */
MUST_CHECK enum status part_require(const struct document *part, const char *const *needed,
                                    size_t n_needed, struct error *error);

/* "Metaspace", which is a pre-tokenizer and a decoder with the same keys. */
struct metaspace {
    uint32_t replacement; /* the character that stands for a space */
    bool prepends;        /* it is put before words too that had none */
    bool first_only;      /* if so, before the text's first word alone */
    bool splits;          /* a word begins at each; the pre-tokenizer's alone */
};

/* INVALID where a value is none of those that the key may have. */
MUST_CHECK enum status part_read_metaspace(struct metaspace *ret_metaspace,
                                           const struct document *part, struct error *error);

#endif
