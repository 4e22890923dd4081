/* SPDX-License-Identifier: Apache-2.0 */

/* Unicode's normalization forms D and KD: decomposed, and marks put in order.
 *
 * DESIGN. A character that begins a sequence of marks is handed on at once. Marks are held until the
 * next such character, then sorted by combining class. Text without marks holds nothing.
 *
 * SPANS. Officially a decomposed text is aligned by counting: the n-th character that is the first
 * of its decomposition stands for the bytes of the n-th character of the text, whichever it was
 * before sorting, and the others stand for what the one before them stands for. */
#include "engine/tokenizer/normalize/normalize.h"
#include "engine/tokenizer/normalize/utf8proc.h"

enum { COMPATIBLE = 1 };

/* A held mark that is not the first of its decomposition has this start. */
#define FOLLOWS SIZE_MAX

/* Hands on the held marks of one class. *place is the mark whose bytes the last one handed on
 * stands for, or the first of all before there is one; *last has the bytes. */
static bool put_class(struct stage *stage, unsigned combining_class, size_t *place,
                      struct normal_char *last)
{
    const struct chars *held = &stage->held;

    for (size_t i = 0; i < held->n; i++) {
        struct normal_char mark = held->items[i];

        if (mark.kind.combining_class != combining_class)
            continue;
        if (mark.start != FOLLOWS) {
            while (held->items[*place].start == FOLLOWS)
                ++*place;
            last->start = held->items[*place].start;
            last->stop = held->items[(*place)++].stop;
        }
        mark.start = last->start;
        mark.stop = last->stop;
        if (!stage_put(stage, &mark))
            return false;
    }
    return true;
}

/* Hands on the held marks in order. `last` is where the character before them stands. */
static bool put_sorted(struct stage *stage, struct normal_char last)
{
    const struct chars *held = &stage->held;
    bool classes[256] = {false};
    size_t place = 0;
    bool more = true;

    for (size_t i = 0; i < held->n; i++)
        classes[held->items[i].kind.combining_class] = true;
    for (unsigned i = 1; i < 256 && more; i++)
        more = !classes[i] || put_class(stage, i, &place, &last);
    return more;
}

/* The stage's state is where the character before the held marks stands. */
static bool put_held(struct stage *stage)
{
    const struct normal_char last = {.start = stage->state[0], .stop = stage->state[1]};
    struct normal_char mark;
    bool more;

    if (stage->held.n == 0)
        return true;
    if (stage->held.n > 1) {
        more = put_sorted(stage, last);
    } else {
        mark = stage->held.items[0];
        if (mark.start == FOLLOWS) {
            mark.start = last.start;
            mark.stop = last.stop;
        }
        more = stage_put(stage, &mark);
    }
    chars_release(&stage->held);
    return more;
}

static bool take(struct stage *stage, const struct normal_char *normal)
{
    uint32_t decomposed[MAX_DECOMPOSED];
    size_t n =
        unicode_decompose(normal->c, normal->kind, stage->part->flags & COMPATIBLE, decomposed);

    for (size_t i = 0; i < n; i++) {
        struct normal_char part = normal_char_with(normal, decomposed[i]);
        bool more;

        if (part.kind.combining_class == 0) {
            more = put_held(stage) && stage_put(stage, &part);
            stage->state[0] = normal->start;
            stage->state[1] = normal->stop;
        } else {
            part.start = i == 0 ? normal->start : FOLLOWS;
            more = stage_hold(stage, &part);
        }
        if (!more)
            return false;
    }
    return true;
}

static bool end(struct stage *stage)
{
    return put_held(stage) && stage_put_end(stage);
}

static const struct stage_type type = {take, end, .ascii_is_separate = true};

enum status normalize_add_decompose(struct chain *chain, struct error *error)
{
    enum status status = chain_grow(chain, MAX_DECOMPOSED_CANONICALLY, error);

    return status ? status : chain_add(chain, &type, 0, NULL, error);
}

enum status normalize_nfd_read(void *into, const struct document *part, struct error *error)
{
    (void)part;
    return normalize_add_decompose(into, error);
}

enum status normalize_nfkd_read(void *into, const struct document *part, struct error *error)
{
    enum status status = chain_grow(into, MAX_DECOMPOSED, error);

    (void)part;
    return status ? status : chain_add(into, &type, COMPATIBLE, NULL, error);
}
