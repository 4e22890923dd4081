/* SPDX-License-Identifier: Apache-2.0 */

/* What the kernel says of this process, for the process_* metrics. Any thread. */
#ifndef NESTD_SERVER_OBSERVE_PROCESS_READINGS_H
#define NESTD_SERVER_OBSERVE_PROCESS_READINGS_H

#include <stdint.h>

struct process_readings {
    uint64_t cpu_us; /* user and system */
    uint64_t open_files;
    uint64_t max_files;
    uint64_t resident_bytes;
};

/* 0 for what cannot be read. */
struct process_readings process_read(void);

#endif
