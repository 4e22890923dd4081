/* SPDX-License-Identifier: Apache-2.0 */

/* How long a thread wants to run at a stretch: Linux 6.12 and later (EEVDF; Stoica and Abdel-Wahab,
 * 1995) let one that asks for little run before one that asks for much, with the same share of the
 * core in the end. On other kernels, or where the sandbox forbids it, nothing happens.
 *
 * Encoding keeps every core busy, so a thread that wakes to move a few bytes finds an encoder on
 * its core, and at equal slices may wait for the next tick: at each of a request's four hand-overs
 * up to 4 ms, in which a short text is encoded four times. */
#ifndef NESTD_ENGINE_BASE_TIME_SLICE_H
#define NESTD_ENGINE_BASE_TIME_SLICE_H

#include <stdint.h>

enum {
    TIME_SLICE_SHORT_NS = 100 * 1000, /* the kernel's min: for threads that answer clients */

    /* For encoders: about what the kernel gives by itself. A thread that wakes gets its share that
     * much later, so with eight others on its core 100 ms, the kernel's max, kept an encoder from
     * a short text for 0.8 s. Beside fifty bodies of 31 MiB 3 ms has 2.3 times as many one-line
     * queries answered; with only bulk requests the two are alike. */
    TIME_SLICE_LONG_NS = 3 * 1000 * 1000,
};

/* For the calling thread, and for those that it starts from then on. Its policy and its nice value
 * stay; a real-time, deadline or idle thread stays as it is. */
void time_slice_ask(uint64_t slice_ns);

#endif
