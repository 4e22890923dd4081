/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/files/json_read.h"

#include <stdbool.h>
#include <stdlib.h>

static _Thread_local bool memory_was_short;

static void *noting_malloc(size_t len_bytes)
{
    void *memory = malloc(len_bytes);

    if (!memory)
        memory_was_short = true;
    return memory;
}

/* Before any thread uses jansson. */
__attribute__((constructor)) static void note_short_memory(void)
{
    json_set_alloc_funcs(noting_malloc, free);
}

json_t *json_read(const char *bytes, size_t len_bytes, size_t flags, json_error_t *ret_error)
{
    json_t *tree;

    *ret_error = (json_error_t){0};
    memory_was_short = false;
    tree = json_loadb(bytes, len_bytes, flags, ret_error);
    if (!memory_was_short)
        return tree;
    json_decref(tree);
    *ret_error = (json_error_t){0};
    return NULL;
}
