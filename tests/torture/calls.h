/* SPDX-License-Identifier: Apache-2.0 */

/* Counts a process's calls of the C library by kind, in all its threads, and has some of them fail.
 * What allocates, malloc and its kin (operator new is one of them in the end), is in the library
 * that a program is linked with; that and all the other kinds are in the one that is preloaded into
 * a program. The file that CALLS_FILE names is then the array below, mapped, so that another process
 * can look and write. */
#ifndef NESTD_TESTS_TORTURE_CALLS_H
#define NESTD_TESTS_TORTURE_CALLS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* tests/torture/calls.py has the same names in this order. */
enum call {
    CALL_ALLOCATE,
    CALL_MMAP,
    CALL_OPEN,
    CALL_READ,  /* not of an eventfd or a signalfd, whose reads do not fail */
    CALL_WRITE, /* not to an eventfd */
    CALL_RECV,
    CALL_SEND, /* and sendfile */
    CALL_ACCEPT,
    CALL_EVENTFD,
    CALL_THREAD, /* pthread_create */
    CALL_EPOLL,  /* epoll_ctl */
    CALL_SOCKET, /* and what else makes a descriptor */
    N_CALLS
};

struct calls {
    _Atomic uint64_t count;   /* since the start */
    _Atomic int64_t n_left;   /* the call that makes it 0 fails; 0: none does */
    _Atomic int64_t n_failed; /* of those */
    _Atomic int64_t all_on;   /* not 0: when n_left has come to 0, all calls fail from then on */
    _Atomic int64_t one_in;   /* not 0: of so many calls one fails, by chance */
};

/* Of this process. */
struct calls *calls_get(enum call call);

/* Whether calls can be made to fail: where a sanitizer has the program's malloc, they are only
 * counted. */
bool calls_can_fail(void);

/* Counts a call. If it is to fail, sets errno to `error` and returns true. */
bool calls_fail(enum call call, int error);

#endif
