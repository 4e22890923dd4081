/* SPDX-License-Identifier: Apache-2.0 */

#include "server/text/histogram.h"

#include <inttypes.h>

void histogram_observe(struct histogram *histogram, int64_t value)
{
    histogram_observe_times(histogram, value, 1);
}

void histogram_observe_times(struct histogram *histogram, int64_t value, uint64_t n)
{
    size_t i = 0;

    if (value < 0)
        value = 0;
    while (i < histogram->n_bounds && value > histogram->bounds[i])
        i++;
    atomic_fetch_add_explicit(&histogram->counts[i], n, memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum, (uint64_t)value * n, memory_order_relaxed);
}

void histogram_add(struct histogram *histogram, const struct histogram *other)
{
    for (size_t i = 0; i <= other->n_bounds; i++)
        atomic_fetch_add_explicit(&histogram->counts[i],
                                  atomic_load_explicit(&other->counts[i], memory_order_relaxed),
                                  memory_order_relaxed);
    atomic_fetch_add_explicit(&histogram->sum,
                              atomic_load_explicit(&other->sum, memory_order_relaxed),
                              memory_order_relaxed);
}

/* value / unit, exactly: "0.0025", "17". */
static void append_in_unit(struct buffer *buffer, uint64_t value, uint64_t unit)
{
    uint64_t rest = value % unit;

    buffer_appendf(buffer, "%" PRIu64, value / unit);
    if (!rest)
        return;
    buffer_append_string(buffer, ".");
    while (rest) {
        unit /= 10;
        buffer_appendf(buffer, "%" PRIu64, rest / unit);
        rest %= unit;
    }
}

void histogram_write(struct histogram *histogram, const char *name, const char *labels,
                     struct buffer *buffer)
{
    const char *comma = labels[0] ? "," : "";
    const char *open = labels[0] ? "{" : "";
    const char *close = labels[0] ? "}" : "";
    uint64_t unit = (uint64_t)histogram->unit;
    uint64_t n = 0;

    for (size_t i = 0; i <= histogram->n_bounds; i++) {
        n += atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
        buffer_appendf(buffer, "%s_bucket{%s%sle=\"", name, labels, comma);
        if (i < histogram->n_bounds)
            append_in_unit(buffer, (uint64_t)histogram->bounds[i], unit);
        else
            buffer_append_string(buffer, "+Inf");
        buffer_appendf(buffer, "\"} %" PRIu64 "\n", n);
    }
    buffer_appendf(buffer, "%s_sum%s%s%s ", name, open, labels, close);
    append_in_unit(buffer, atomic_load_explicit(&histogram->sum, memory_order_relaxed), unit);
    /* Of the same readings as the buckets, which it must agree with. */
    buffer_appendf(buffer, "\n%s_count%s%s%s %" PRIu64 "\n", name, open, labels, close, n);
}
