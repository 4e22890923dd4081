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
    TIME_SLICE_SHORT_NS = 100 * 1000,       /* the kernel's least: who answers clients */
    TIME_SLICE_LONG_NS = 100 * 1000 * 1000, /* the kernel's most: who encodes */
};

/* For the calling thread, and for those that it starts from then on. Its policy and its nice value
 * stay; a real-time, deadline or idle thread stays as it is. */
void time_slice_ask(uint64_t slice_ns);

#endif
