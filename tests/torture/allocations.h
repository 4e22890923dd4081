/* SPDX-License-Identifier: Apache-2.0 */

/* Counts what a process allocates by malloc, calloc, realloc and their kin (operator new is one of
 * them in the end), in all its threads, and has one of these calls fail. A library that a program
 * is linked with, or that is preloaded into one: then the file that ALLOCATIONS_FILE names is the
 * struct below, mapped, so that another process can look and write. */
#ifndef NESTD_TESTS_TORTURE_ALLOCATIONS_H
#define NESTD_TESTS_TORTURE_ALLOCATIONS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct allocations {
    _Atomic uint64_t count;   /* since the start */
    _Atomic int64_t n_left;   /* the call that makes it 0 fails; 0: none does */
    _Atomic int64_t n_failed; /* of those */
    _Atomic int64_t all_on;   /* not 0: when n_left has come to 0, all calls fail from then on */
};

/* Of this process. */
struct allocations *allocations_get(void);

/* Whether calls can be made to fail: where a sanitizer has the program's malloc, they are only
 * counted. */
bool allocations_can_fail(void);

#endif
