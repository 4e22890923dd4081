/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/group_list.h"

#include <stddef.h>

void group_list_append(struct group_list *list, struct job_group *group)
{
    group->previous = list->last;
    group->next = NULL;
    if (list->last)
        list->last->next = group;
    else
        list->first = group;
    list->last = group;
}

void group_list_remove(struct group_list *list, struct job_group *group)
{
    if (group->previous)
        group->previous->next = group->next;
    else
        list->first = group->next;
    if (group->next)
        group->next->previous = group->previous;
    else
        list->last = group->previous;
    group->previous = NULL;
    group->next = NULL;
}
