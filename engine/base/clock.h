/* SPDX-License-Identifier: Apache-2.0 */

/* The clock by which everything in the program is timed. Any thread. */
#ifndef NESTD_ENGINE_BASE_CLOCK_H
#define NESTD_ENGINE_BASE_CLOCK_H

#include <stdint.h>

int64_t clock_now_us(void); /* monotonic: never set back */

#endif
