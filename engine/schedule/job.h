/* SPDX-License-Identifier: Apache-2.0 */

/* A unit of work for the workers: one tokenised text; and the jobs of one request, which are
 * admitted together and handed back together.
 *
 * A group's life:   prepared -> queued [engine_submit] -> done(...) called, once
 * From engine_submit's success until done() is called the engine owns the group and its jobs; the
 * caller touches neither, and keeps ids and vectors alive. If engine_submit fails the caller still
 * owns it and done() is not called. */
#ifndef NESTD_ENGINE_SCHEDULE_JOB_H
#define NESTD_ENGINE_SCHEDULE_JOB_H

#include "engine/base/status.h"
#include "engine/schedule/text_key.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* WAITING -> RUNNING [batcher_take] -> ENDED [batcher_finish]
 * FOLLOWING -> RUNNING [batcher_settle, with its leader] -> ENDED [batcher_finish]
 * WAITING -> FOLLOWING [batcher_submit of a small group, when the job's own is large]
 * WAITING, FOLLOWING -> ENDED [batcher_cancel, batcher_stop] */
enum job_state {
    JOB_WAITING,
    JOB_RUNNING,
    JOB_FOLLOWING, /* the same text waits or runs already, and its vector will do for both */
    JOB_ENDED,     /* also from the beginning, where the cache had the vector */
};

struct job {
    const int32_t *ids; /* [n_tokens], special tokens included, each inside the vocabulary */
    size_t n_tokens;    /* up to the model's max_tokens; one of none needs no pass */
    size_t n_first;     /* of a pair's first text, of type 0; the rest have type 1; 0: one text */
    size_t n_skipped;   /* leading tokens (a prompt's) that the pooling leaves out; usually 0 */
    float *vector;      /* [n_dims]: written by the engine; a cross-encoder's scores */
    size_t n_dims;  /* 1 to the model's n_dims: a Matryoshka dimension, the vector's first numbers;
                      all of a sparse encoder's */
    bool normalize; /* L2-normalise those numbers; a sparse encoder's are never */
    float *token_vectors; /* [n_tokens, hidden_size], usually NULL: what the encoder gives is
                             written here, and nothing is pooled: the last four are not used */
    enum status status;   /* written by the engine: OK, NOT_FINITE, CANCELLED, STOPPING, INTERNAL */

    struct {
        struct text_key key; /* written before the job is submitted */

        /* Guarded by the batcher's mutex. */
        enum job_state state;
        struct job_group *group;
        struct job *leader;    /* FOLLOWING: whose vector it waits for */
        struct job *followers; /* those that wait for this one */
        struct job *next_follower;
        struct job *chain; /* of its bucket among the texts in flight */
        bool is_duplicate; /* encoded beside another of the same text, and never followed */
    } engine;              /* private to the engine */
};

struct job_group {
    struct job *jobs; /* [n_jobs] */
    size_t n_jobs;    /* at least 1 */

    /* Called once, when no job is queued or running any more, with no lock held, on a worker's
     * thread or on the one that cancels or stops. It must not block; it may free the group. */
    void (*done)(struct job_group *group);

    /* Written by the engine; moments by the monotonic clock. From submitted to finished the group
     * either has a text that a worker encodes or has none, so queue_us + encode_us is all of it. */
    enum status status; /* the first job's that failed, or OK */
    int64_t submitted_us;
    int64_t finished_us;
    int64_t encode_us; /* while at least one of its texts was encoded */
    int64_t queue_us; /* the rest: all waited for a worker, or for the same text of another group */

    struct {
        size_t model;     /* whose texts they are, by number */
        size_t n_tokens;  /* of the jobs whose vectors the cache did not have */
        size_t n_waiting; /* jobs WAITING; in a list of the batcher while there are any */
        size_t next_job;  /* no job before it is WAITING */
        size_t n_running; /* jobs that a worker encodes, since encoding_since_us if there are any */
        int64_t encoding_since_us;
        size_t n_unfinished;  /* jobs not ENDED; 0 before submit and after the end */
        bool cancelled;       /* its jobs stay only because others follow them */
        size_t credit_tokens; /* of its turn in the queue */
        struct job_group *previous;
        struct job_group *next;
    } engine; /* private to the batcher, guarded by its mutex */
};

/* Writes a job's vector and status from its text's pooled vector, [at least n_dims]: cut to the
 * dimension, normalised, checked to be finite. */
void job_deliver(struct job *job, const float *pooled);

/* The same for a job that asks for token_vectors, from tokens[n_numbers]. */
void job_deliver_tokens(struct job *job, const float *tokens, size_t n_numbers);

/* Makes a job FOLLOWING, one of its leader's followers; takes a follower from its leader again. By
 * the batcher, under its mutex. */
void job_follow(struct job *job, struct job *leader);
void job_unfollow(struct job *job);

/* A worker takes one of the group's jobs, or has ended one. By the batcher, under its mutex. */
void job_group_begin_encoding(struct job_group *group, int64_t now_us);
void job_group_end_encoding(struct job_group *group, int64_t now_us);

#endif
