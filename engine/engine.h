/* SPDX-License-Identifier: Apache-2.0 */

/* THE interface of the engine: tokenised texts in, vectors out. It is the only header that server/
 * includes.
 *
 * An engine is a model, its tokenizer, and a pool of workers fed by a batcher, which several engines
 * may share. Except those that
 * open and close it, every function may be called from any thread, and none of them blocks on
 * inference: work is submitted and handed back by a callback (job.h). The engine neither logs nor
 * exits. */
#ifndef NESTD_ENGINE_ENGINE_H
#define NESTD_ENGINE_ENGINE_H

#include "engine/base/clock.h"
#include "engine/base/sizes.h"
#include "engine/base/status.h"
#include "engine/base/time_slice.h"
#include "engine/encoder/accuracy_report.h"
#include "engine/files/json_read.h"
#include "engine/kernels/cpu.h"
#include "engine/model/card.h"
#include "engine/model/head/labels.h"
#include "engine/model/prompt.h"
#include "engine/schedule/job.h"
#include "engine/schedule/memory_left.h"
#include "engine/schedule/throttling.h"
#include "engine/tokenizer/tokenizer.h"
#include "engine/vector/bootstrap.h"
#include "engine/vector/correlation.h"
#include "engine/vector/pooling.h"
#include "engine/vector/retrieval.h"
#include "engine/vector/scores.h"
#include "engine/vector/similarity.h"
#include "engine/vector/top.h"
#include "engine/vector/vector.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct engine;

struct engine_options {
    const char *model_dir;
    const char *pooling; /* a mode's short name or "splade"; NULL: the model's own */
    const char *dtype;   /* of the products: "auto", "float32", "bfloat16" or "int8" */
    size_t n_workers; /* 0: one per usable physical core (affinity and cgroup quota are honoured) */
    size_t max_pass_tokens;   /* of one worker's pass; a longer text is a pass of its own */
    size_t max_queued_tokens; /* beyond it engine_submit answers OVERLOADED */
    size_t cache_bytes;       /* for finished vectors; 0: none are kept */
    unsigned cpu_mask;        /* CPU_MASK_ALL, or fewer of enum cpu_flag for tests */
    /* How passes are cut, which changes no vector. "auto": it is measured at start; "off" or NULL:
     * by the rules; "block", "product", "panels" or "rows": so, for tests. */
    const char *tune;
};

/* What the model's folder says of it, and how it is run. Borrowed; read-only. */
struct engine_info {
    /* Known once the engine is read. */
    const struct tokenizer *tokenizer;
    size_t hidden_size;  /* of a token's vector */
    size_t n_dims;       /* of a finished vector */
    size_t default_dims; /* where a request names no dimensions: n_dims, or what the folder says */
    size_t max_tokens;   /* of one text, special tokens included */
    struct pooling pooling;
    bool normalize;
    enum similarity similarity;
    const struct prompt *prompts; /* [n_prompts] */
    size_t n_prompts;
    const struct prompt *default_prompt; /* one of `prompts`, or NULL */
    bool include_prompt;                 /* the pooling counts the prompt's tokens */
    const size_t *matryoshka_dims;       /* [n_matryoshka_dims], ascending: config.json's */
    size_t n_matryoshka_dims;
    const char *const *notes; /* [n_notes]: what a person should know of the model */
    size_t n_notes;
    const struct card *card;
    bool is_sparse; /* a finished vector has a number for each token of the vocabulary, most of
                       them 0, and is never cut: n_dims is the vocabulary's size */
    const struct labels *labels; /* n 0: the model embeds; else it is a cross-encoder, whose
                                    vectors are a text's or a pair's scores of labels */

    /* Known once it is open. */
    size_t n_workers;
    const char *dtype;                      /* of the products: "float32" */
    const char *gemm_name;                  /* "oneDNN 2.6.3, brg:avx512_core" */
    const char *kernels_name;               /* which versions of the kernels were chosen */
    const char *ways;                       /* how passes are cut: "by block, ..." */
    const struct accuracy_report *accuracy; /* of int8 */
};

struct engine_stats {
    size_t queued_texts;
    size_t queued_tokens;
    size_t running_texts;
    size_t running_tokens;
    size_t busy_workers; /* with this model */
    size_t resting_workers;
    uint64_t passes; /* since the start */
    uint64_t encoded_texts;
    uint64_t encoded_tokens;
    uint64_t followed_texts; /* not encoded, because the same text was in flight */
    uint64_t cache_hits;     /* not encoded, because its vector was still there */
    uint64_t cache_misses;
    size_t cache_used_bytes;
    double tokens_per_second; /* of all workers that do not rest together while busy, smoothed; 0
                                 before the first pass */
};

/* Called on a worker's thread after each pass, with no lock held: for metrics. */
struct engine_observer {
    void (*pass_done)(void *user, size_t n_texts, size_t n_tokens, int64_t duration_us);
    void *user;
};

/* What engine_options.cpu_mask is up to an instruction set of that name ("avx2", "neon"); all of it
 * for "all", nothing for "none". False if this architecture has no such kernels. */
bool engine_find_cpu_mask(const char *name, unsigned *ret_mask);

/* What can be told before anything is read: whether model_dir is a folder with a model (unless it is
 * NULL: not known yet), and whether this CPU can do the dtype. */
MUST_CHECK enum status engine_check(const struct engine_options *options, struct error *error);

/* Tries whether matrix products can be done here, reads what the folder says of its model, and
 * refuses what cannot be served; the weights are only mapped. engine_get_info has the model's half
 * from then on. `options` and what they point at must live until engine_start has returned. */
MUST_CHECK enum status engine_read(struct engine **ret_engine, const struct engine_options *options,
                                   struct error *error);

/* Packs the weights and starts the workers, once. Blocks for as long as that takes. After a failure
 * only engine_close is left. */
MUST_CHECK enum status engine_start(struct engine *engine, const struct engine_observer *observer,
                                    struct error *error);

/* The same for several engines that share the workers: as many as the first one's options say. Each
 * has a queue of its own, and the workers' time is shared fairly among those that have work.
 * `observers` are one for each, and may be NULL. Where one of them cannot be started, none is. */
MUST_CHECK enum status engine_start_together(struct engine *const *engines, size_t n_engines,
                                             const struct engine_observer *const *observers,
                                             struct error *error);

/* engine_read and engine_start. */
MUST_CHECK enum status engine_open(struct engine **ret_engine, const struct engine_options *options,
                                   const struct engine_observer *observer, struct error *error);

/* Refuses new work, ends what is queued with STATUS_STOPPING, finishes what runs, joins the
 * workers, frees all. Every other call must have returned. NULL is allowed. Of engines that share
 * workers, closing the first ends the work of all. */
void engine_close(struct engine *engine);

const struct engine_info *engine_get_info(const struct engine *engine);

/* Queues a group: all of its jobs or none. OVERLOADED, STOPPING. See job.h for who owns what until
 * when. */
MUST_CHECK enum status engine_submit(struct engine *engine, struct job_group *group);

/* Gives up a group that was submitted; done() follows, now or when what runs has ended. A group
 * that is done already is not touched; its memory must still be there. */
void engine_cancel(struct engine *engine, struct job_group *group);

/* For how long, as far as its calls have seen, a worker has made no step in its pass, or work has
 * waited while no worker had any; 0 if neither. elapsed_us is the time since the last call, of which
 * more than what the caller meant to wait must not be counted: a stopped process is not stuck.
 * Takes no lock, and does not touch the queue. For one thread. Of engines that share workers this and
 * the next are to be called of one, for all. */
int64_t engine_measure_stall(struct engine *engine, int64_t elapsed_us);

/* Lets no more workers encode at once, but at least one; the others rest. For when there are fewer
 * cores than at the start, or as many again. */
void engine_allow_workers(struct engine *engine, size_t n_workers);

/* The cores that this process may use now, by its affinity mask and cgroup quota; reads files. */
size_t engine_count_cores(void);

void engine_get_stats(struct engine *engine, struct engine_stats *ret_stats);

#endif
