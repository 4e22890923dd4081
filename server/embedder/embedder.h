/* SPDX-License-Identifier: Apache-2.0 */

/* Texts in, vectors out, for the commands that work on files: by the model in this process, with all
 * of its workers busy, or by a running server (--url).
 *
 * Batches are submitted and handed back by a callback, so a caller reads and writes while others
 * encode:    prepared -> submitted [embedder_submit] -> done(...) called, once
 * In between the batch, its texts and its vectors are the embedder's. Batches end in any order; the
 * vectors of one are in the order of its texts. embedder_encode() is the same for those who only
 * want to wait.
 *
 * Any thread may call everything but embedder_open and embedder_close. A text's vector is what a
 * nestd server gives for it, bit for bit. */
#ifndef NESTD_SERVER_EMBEDDER_EMBEDDER_H
#define NESTD_SERVER_EMBEDDER_EMBEDDER_H

#include "engine/engine.h"
#include "server/text/slice.h"

#include <stdbool.h>
#include <stddef.h>

struct embedder;
struct options;

/* For embedder_open: */
enum {
    EMBEDDER_DEFAULT_DIMS = 0, /* what a server gives where a request names none */
    EMBEDDER_FULL_DIMS = -1,   /* the model's own size */
};

/* Borrowed; fixed. */
struct embedder_info {
    const char *model_name;     /* the folder's last part, or what the server calls it */
    const char *dtype;          /* of the engine\'s products; "": only the server knows */
    size_t n_dims;              /* of every vector of this embedder */
    size_t max_tokens;          /* of a text, special tokens included; 0: only the server knows */
    bool normalize;             /* vectors have length 1 */
    enum similarity similarity; /* the model's; of a server the cosine */
    const size_t *dims; /* [n_dims_listed], ascending: the sizes that the model was trained for */
    size_t n_dims_listed;
    size_t batch_texts; /* a good number of texts in a batch */
    size_t n_batches;   /* so many submitted at once keep it busy */
};

/* What is put before each text of a batch; from embedder_find_prompt. Zeroed: nothing is, but what
 * a server does by itself. */
struct embed_prompt {
    const char *name;  /* sent to a server; NULL: none */
    struct slice text; /* put before the text here */
};

struct embed_text {
    struct slice text; /* UTF-8, not empty */

    /* Written by the embedder. */
    enum status status; /* OK; TOO_LONG, where --auto-truncate is false; NOT_FINITE; INVALID, where
                           the server refuses it. Else than OK its vector is zeros. */
    bool is_truncated;
    size_t n_tokens; /* that were encoded; 0: only the server knows */
};

struct embed_batch {
    struct embed_text *texts; /* [n_texts] */
    size_t n_texts;           /* at least 1 */
    struct embed_prompt prompt;
    float *vectors; /* [n_texts, n_dims] */

    /* On one of the embedder's threads, with no lock held; it must not block. It may free the
     * batch, or submit it again. */
    void (*done)(struct embed_batch *batch);
    void *user;

    /* Written by the embedder. */
    enum status status; /* OK: each text has its status. Else the batch failed: IO, where the server
                           cannot be reached or answers nonsense; NO_MEMORY; STOPPING */
    struct error error; /* for a person: why it failed, or the first of its texts that is not OK */

    struct embed_batch *next; /* private */
};

/* Opens the model (blocks while it loads), or asks the server at --url for a first vector. n_dims:
 * the size of the vectors, or one of those above; one that the model cannot have is INVALID. What is
 * wrong with an option is UNSUPPORTED or INVALID. `options` must outlive it. */
MUST_CHECK enum status embedder_open(struct embedder **ret_embedder, const struct options *options,
                                     long n_dims, struct error *error);

/* Batches that wait end with STATUS_STOPPING, those that run are finished or, at a server, broken
 * off. No other call may run. NULL is allowed. */
void embedder_close(struct embedder *embedder);

const struct embedder_info *embedder_get_info(const struct embedder *embedder);

/* The prompt of that name ("query", "document"), which names a prompt of the model's folder or of
 * the server; NULL: that of --default-prompt or --default-prompt-name, or the model's own default.
 * A name that the model lacks is INVALID, with those it has; a server is not asked before its first
 * batch. Borrows `name`. */
MUST_CHECK enum status embedder_find_prompt(const struct embedder *embedder, const char *name,
                                            struct embed_prompt *ret_prompt, struct error *error);

/* Never blocks and cannot fail. Callers bound how much they submit (info.n_batches is enough):
 * what waits here waits as text. */
void embedder_submit(struct embedder *embedder, struct embed_batch *batch);

/* Splits the texts into batches, submits and waits for all. vectors: [n_texts, n_dims]. OK even
 * where texts have another status than OK: then `error` says why of one. */
MUST_CHECK enum status embedder_encode(struct embedder *embedder, struct embed_text *texts,
                                       size_t n_texts, struct embed_prompt prompt, float *vectors,
                                       struct error *error);

/* What brings that vector of n_dims numbers to length 1, as a server scales before it rounds to
 * bytes (pack.h): 1 where it has that length already. */
float embedder_find_scale(const struct embedder *embedder, const float *vector);

#endif
