/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/kernels/kernels.h"

#include "engine/kernels/cpu.h"
#include "engine/kernels/kernel_set.h"

#include <stdio.h>
#include <string.h>

/* Takes what `set` has, and keeps the rest. */
static void lay(struct kernel_set *below, const struct kernel_set *set)
{
#define TAKE(field) below->field = set->field ? set->field : below->field
    TAKE(store);
    TAKE(gelu);
    TAKE(convert);
    TAKE(layer_norm);
    TAKE(rms_norm);
    TAKE(rotate);
    TAKE(scale_by);
    TAKE(quantise);
    TAKE(attention);
    TAKE(disentangled);
    TAKE(attention_bfloat16);
    TAKE(multiply_float32);
    TAKE(multiply_int8);
    TAKE(int8);
#undef TAKE
}

static void take_stores(kernel_store *(*ret_stores)[N_KERNEL_TYPES],
                        const struct kernel_stores *stores)
{
    memcpy(ret_stores, stores->by_type, sizeof stores->by_type);
}

/* The set as callers see it. */
static void fill(struct kernels *ret_kernels, const struct kernel_set *set)
{
    *ret_kernels = (struct kernels){
        .layer_norm = set->layer_norm,
        .rms_norm = set->rms_norm,
        .rotate = set->rotate,
        .scale_by = set->scale_by,
        .quantise = set->quantise,
        .multiply_float32 = set->multiply_float32,
        .multiply_int8 = set->int8 == INT8_OF_ONEDNN ? NULL : set->multiply_int8,
        .round = set->convert->round,
        .widen_float16 = set->convert->widen_float16,
        .widen_bfloat16 = set->convert->widen_bfloat16,
        .attention =
            {[KERNEL_FLOAT32] = set->attention, [KERNEL_BFLOAT16] = set->attention_bfloat16},
        .disentangled = set->disentangled,
        .multiplies_bfloat16 = set->attention_bfloat16 != NULL,
        .multiplies_int8 = set->int8 != INT8_SLOW,
    };
    take_stores(ret_kernels->store, &set->store->store);
    take_stores(ret_kernels->relu, &set->store->relu);
    take_stores(ret_kernels->gelu, &set->gelu->exact);
    take_stores(ret_kernels->gelu_tanh, &set->gelu->tanh);
    take_stores(ret_kernels->silu, &set->gelu->silu);
    memcpy(ret_kernels->add, set->store->add.by_type, sizeof ret_kernels->add);
}

void kernels_choose(struct kernels *ret_kernels, unsigned cpu_flags)
{
    struct kernel_set laid = kernels_c;
    char name[sizeof ret_kernels->name] = "";
    size_t len = 0;

    for (size_t i = 0; i < KERNEL_SETS_MAX && kernel_sets[i]; i++) {
        if (kernel_sets[i]->cpu_flags & ~cpu_flags)
            continue;
        lay(&laid, kernel_sets[i]);
        if (!kernel_sets[i]->name)
            continue;
        len += (size_t)snprintf(name + len, sizeof name - len, "%s%s", len ? ", " : "",
                                kernel_sets[i]->name);
    }
    fill(ret_kernels, &laid);
    memcpy(ret_kernels->name, len ? name : kernels_c.name,
           len ? len + 1 : strlen(kernels_c.name) + 1);
}

bool kernels_find_mask(const char *name, unsigned *ret_mask)
{
    if (strcmp(name, "all") == 0) {
        *ret_mask = CPU_MASK_ALL;
        return true;
    }
    if (strcmp(name, "none") == 0) {
        *ret_mask = 0;
        return true;
    }
    for (size_t i = 0; i < KERNEL_SETS_MAX && kernel_sets[i]; i++)
        if (kernel_sets[i]->name && strcmp(name, kernel_sets[i]->name) == 0) {
            *ret_mask = cpu_flags_closure(kernel_sets[i]->cpu_flags);
            return true;
        }
    return false;
}
