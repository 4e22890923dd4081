/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/base/time_slice.h"

/* Neither <sched.h> nor what includes it: older ones clash with the kernel's header. */
#include <linux/sched.h>
#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

void time_slice_ask(uint64_t slice_ns)
{
    struct sched_attr attributes = {.size = SCHED_ATTR_SIZE_VER0};

    if (syscall(SYS_sched_getattr, 0, &attributes, SCHED_ATTR_SIZE_VER0, 0))
        return;
    if (attributes.sched_policy != SCHED_NORMAL && attributes.sched_policy != SCHED_BATCH)
        return;
    attributes.sched_runtime = slice_ns;
    syscall(SYS_sched_setattr, 0, &attributes, 0);
}
