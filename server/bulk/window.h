/* SPDX-License-Identifier: Apache-2.0 */

/* A piece of the input on its way through the embedder: its records in order, the batch of their
 * texts, the vectors. One owner; while its batch is submitted, the embedder's. */
#ifndef NESTD_SERVER_BULK_WINDOW_H
#define NESTD_SERVER_BULK_WINDOW_H

#include "server/bulk/source.h"
#include "server/embedder/embedder.h"
#include "server/text/buffer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct window_entry {
    size_t line;
    bool is_bad;
    size_t bytes_at; /* in the window's bytes: the text, or what is wrong with the record */
    size_t len_bytes;
    size_t id_at;
    size_t id_len_bytes;
};

struct window {
    struct embed_batch batch; /* first, so that who gets a batch back finds the window */
    struct embed_text *texts; /* [max_texts]; batch.n_texts are the entries that are not bad */
    size_t max_texts;
    struct window_entry *entries; /* [n_entries], in the input's order */
    size_t n_entries;
    struct buffer bytes;
    size_t n_records; /* of the source, once these were read */
    uint32_t digest;
    double share;
};

MUST_CHECK enum status window_init(struct window *window, size_t max_texts, size_t n_dims);
void window_release(struct window *window); /* a zeroed one is allowed */

/* Reads the next records; *ret_ended tells that there are no more. A bad one becomes an entry where
 * keep_bad says so; else, as with IO and NO_MEMORY, it is the end: its status is returned, and those
 * before it are in the window all the same. */
MUST_CHECK enum status window_fill(struct window *window, struct source *source, bool keep_bad,
                                   bool *ret_ended, struct error *error);

struct slice window_get_bytes(const struct window *window, const struct window_entry *entry);
struct slice window_get_id(const struct window *window, const struct window_entry *entry);

#endif
