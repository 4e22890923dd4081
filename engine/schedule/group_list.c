/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/group_list.h"

#include <stddef.h>

void group_list_append(struct group_list *list, struct job_group *group)
{
    group->engine.previous = list->last;
    group->engine.next = NULL;
    if (list->last)
        list->last->engine.next = group;
    else
        list->first = group;
    list->last = group;
}

void group_list_remove(struct group_list *list, struct job_group *group)
{
    if (group->engine.previous)
        group->engine.previous->engine.next = group->engine.next;
    else
        list->first = group->engine.next;
    if (group->engine.next)
        group->engine.next->engine.previous = group->engine.previous;
    else
        list->last = group->engine.previous;
    group->engine.previous = NULL;
    group->engine.next = NULL;
}
