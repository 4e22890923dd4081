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

#include "engine/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct job {
    const int32_t *ids; /* [n_tokens], special tokens included, each inside the vocabulary */
    size_t n_tokens;    /* 1 to the model's most_tokens */
    size_t n_skipped;   /* leading tokens (a prompt's) that the pooling leaves out; 0 as a rule */
    float *vector;      /* [n_dims]: written by the engine */
    size_t n_dims; /* 1 to the model's n_dims: a Matryoshka dimension, the vector's first numbers */
    bool normalize;     /* L2-normalise those numbers */
    enum status status; /* written by the engine: OK, NOT_FINITE, CANCELLED, STOPPING, INTERNAL */
};

struct job_group {
    struct job *jobs; /* [n_jobs] */
    size_t n_jobs;    /* at least 1 */

    /* Called once, when no job is queued or running any more, with no lock held, on a worker's
     * thread or on the one that cancels or stops. It must not block; it may free the group. */
    void (*done)(struct job_group *group);

    /* Written by the engine; times by the monotonic clock. */
    enum status status; /* the first job's that failed, or OK */
    int64_t submitted_us;
    int64_t started_us; /* when a worker took the first job */
    int64_t finished_us;

    /* Private to the batcher, guarded by its mutex. */
    size_t n_tokens;         /* of all jobs */
    size_t n_tokens_waiting; /* of jobs [n_taken, n_jobs) */
    size_t n_taken;          /* jobs [0, n_taken) were taken by workers */
    size_t n_unfinished;     /* jobs that wait or run; 0 before submit and after the end */
    size_t credit_tokens;    /* of its turn in the queue */
    struct job_group *previous;
    struct job_group *next;
};

#endif
