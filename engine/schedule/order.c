/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/order.h"

#include <stdlib.h>

enum status order_init(struct order *order, size_t n_models)
{
    *order = (struct order){.turns = calloc(n_models, sizeof *order->turns), .n_models = n_models};
    return order->turns ? STATUS_OK : STATUS_NO_MEMORY;
}

void order_release(struct order *order)
{
    free(order->turns);
}

static bool has(const struct turns *turns, bool is_small)
{
    return is_small ? turns->small.first : turns->large.first;
}

void order_enter(struct order *order, size_t model, const struct job_group *group)
{
    struct turns *turns = &order->turns[model];
    bool is_small = turns_is_small(turns, group);

    if (!has(turns, is_small) && turns->served_us[is_small] < order->reached_us[is_small])
        turns->served_us[is_small] = order->reached_us[is_small];
}

void order_charge(struct order *order, const struct pass *pass, int64_t duration_us)
{
    order->turns[pass->model].served_us[pass->is_small] += duration_us;
}

/* Of the models that have such groups, the one whose turn it is; NULL if none has. */
static struct turns *pick(const struct order *order, bool is_small)
{
    struct turns *picked = NULL;

    for (size_t i = 0; i < order->n_models; i++) {
        struct turns *turns = &order->turns[i];

        if (has(turns, is_small) &&
            (!picked || turns->served_us[is_small] < picked->served_us[is_small]))
            picked = turns;
    }
    return picked;
}

bool order_has_waiting(const struct order *order)
{
    return pick(order, true) || pick(order, false);
}

bool order_has_small(const struct order *order)
{
    return pick(order, true);
}

static void serve(struct order *order, struct turns *turns, bool is_small, struct pass *pass)
{
    pass->model = (size_t)(turns - order->turns);
    pass->is_small = is_small;
    if (order->reached_us[is_small] < turns->served_us[is_small])
        order->reached_us[is_small] = turns->served_us[is_small];
}

/* Of a pass of small groups: half a pass at most, where large ones wait. */
static size_t small_pass_tokens(const struct turns *turns, bool has_large)
{
    size_t half = turns->max_pass_tokens / 2;

    return has_large && turns->pass_tokens > half ? half : turns->pass_tokens;
}

void order_fill(struct order *order, struct pass *pass)
{
    struct turns *small = pick(order, true);
    struct turns *large = pick(order, false);

    if (small && large && order->was_small)
        small = NULL;
    order->was_small = small;
    if (small) {
        serve(order, small, true, pass);
        turns_fill_small(small, pass, small_pass_tokens(small, large));
    } else if (large) {
        serve(order, large, false, pass);
        turns_fill_large(large, pass);
    }
}

void order_fill_small(struct order *order, struct pass *pass)
{
    struct turns *small = pick(order, true);

    if (!small)
        return;
    serve(order, small, true, pass);
    turns_fill_small(small, pass, small->slice_tokens);
}
