/* SPDX-License-Identifier: Apache-2.0 */

/* Groups in a row, linked by their previous and next: a group is in one list at most. Guarded by
 * the batcher's mutex; private to it. */
#ifndef NESTD_ENGINE_SCHEDULE_GROUP_LIST_H
#define NESTD_ENGINE_SCHEDULE_GROUP_LIST_H

#include "engine/schedule/job.h"

struct group_list {
    struct job_group *first;
    struct job_group *last;
};

void group_list_append(struct group_list *list, struct job_group *group);
void group_list_remove(struct group_list *list, struct job_group *group);

#endif
