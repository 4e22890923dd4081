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

void order_enter(struct order *order, size_t model)
{
    struct turns *turns = &order->turns[model];

    if (!turns_get_waiting(turns) && turns->served_us < order->reached_us)
        turns->served_us = order->reached_us;
}

void order_charge(struct order *order, size_t model, int64_t duration_us)
{
    order->turns[model].served_us += duration_us;
}

static bool has_large(const struct turns *turns)
{
    return turns->large.first;
}

static bool has_small(const struct turns *turns)
{
    return turns->small.first;
}

/* Of the models that have such groups, the one whose turn it is; NULL if none has. */
static struct turns *pick(const struct order *order, bool (*has)(const struct turns *turns))
{
    struct turns *picked = NULL;

    for (size_t i = 0; i < order->n_models; i++) {
        struct turns *turns = &order->turns[i];

        if (has(turns) && (!picked || turns->served_us < picked->served_us))
            picked = turns;
    }
    return picked;
}

bool order_has_waiting(const struct order *order)
{
    return pick(order, has_small) || pick(order, has_large);
}

bool order_has_small(const struct order *order)
{
    return pick(order, has_small);
}

static void serve(struct order *order, struct turns *turns, struct pass *pass)
{
    pass->model = (size_t)(turns - order->turns);
    if (order->reached_us < turns->served_us)
        order->reached_us = turns->served_us;
}

void order_fill(struct order *order, struct pass *pass)
{
    struct turns *small = pick(order, has_small);
    struct turns *large = pick(order, has_large);

    if (small && large && order->was_small)
        small = NULL;
    order->was_small = small;
    if (small) {
        serve(order, small, pass);
        turns_fill_small(small, pass, large ? small->max_pass_tokens / 2 : small->max_pass_tokens);
    } else if (large) {
        serve(order, large, pass);
        turns_fill_large(large, pass);
    }
}

void order_fill_small(struct order *order, struct pass *pass)
{
    struct turns *small = pick(order, has_small);

    if (!small)
        return;
    serve(order, small, pass);
    turns_fill_small(small, pass, small->slice_tokens);
}
