/* SPDX-License-Identifier: Apache-2.0 */

/* Work at load that is cut into jobs, which several threads take one by one. (What runs between
 * requests is encoder/team.h's.) Any thread. */
#ifndef NESTD_ENGINE_BASE_PARALLEL_H
#define NESTD_ENGINE_BASE_PARALLEL_H

#include "engine/base/status.h"

#include <stddef.h>

/* Does one job; called in any of the threads, with several at once. */
typedef enum status parallel_job(void *user, size_t job);

/* Runs the jobs [0, n_jobs) in up to n_threads threads, this one among them, and returns when all
 * have ended. After a failure no further job is begun, and one of the failures is returned. */
MUST_CHECK enum status parallel_run(size_t n_threads, size_t n_jobs, parallel_job *job, void *user);

#endif
