/* SPDX-License-Identifier: Apache-2.0 */

#include "server/text/histogram.h"

#include <inttypes.h>

void histogram_observe(struct histogram *histogram, int64_t value)
{
    size_t i = 0;

    if (value < 0)
        value = 0;
    while (i < histogram->n_bounds && value > histogram->bounds[i])
        i++;
    atomic_fetch_add_explicit(&histogram->counts[i], 1, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum, (uint64_t)value, memory_order_relaxed);
}

/* value / unit, exactly: "0.0025", "17". */
static void append_in_unit(struct text *text, uint64_t value, uint64_t unit)
{
    uint64_t rest = value % unit;

    text_appendf(text, "%" PRIu64, value / unit);
    if (!rest)
        return;
    text_append_string(text, ".");
    while (rest) {
        unit /= 10;
        text_appendf(text, "%" PRIu64, rest / unit);
        rest %= unit;
    }
}

void histogram_write(struct histogram *histogram, const char *name, struct text *text)
{
    uint64_t unit = (uint64_t)histogram->unit;
    uint64_t n = 0;

    for (size_t i = 0; i <= histogram->n_bounds; i++) {
        n += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
        text_appendf(text, "%s_bucket{le=\"", name);
        if (i < histogram->n_bounds)
            append_in_unit(text, (uint64_t)histogram->bounds[i], unit);
        else
            text_append_string(text, "+Inf");
        text_appendf(text, "\"} %" PRIu64 "\n", n);
    }
    text_appendf(text, "%s_sum ", name);
    append_in_unit(text, atomic_load_explicit(&histogram->sum, memory_order_relaxed), unit);
    /* Of the same readings as the buckets, which it must agree with. */
    text_appendf(text, "\n%s_count %" PRIu64 "\n", name, n);
}
