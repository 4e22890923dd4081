/* SPDX-License-Identifier: Apache-2.0 */

/* Unicode's normalization forms C and KC: decomposed, put in order, composed.
 *
 * DESIGN. A character that begins a sequence of marks is held with the marks after it until the
 * next such character. Then the marks are taken by combining class, and each either composes with
 * the first character or stays.
 *
 * SPANS. As officially: a composed character stands for the bytes of the first of those that it was
 * made of; as many that follow it as were composed stand for nothing; and the marks that stay, in
 * their new order, for the bytes of those after that, in the old order. */
#include "engine/tokenizer/normalize/normalize.h"
#include "engine/tokenizer/normalize/utf8proc.h"

enum { COMPATIBLE = 1 };

/* A held mark that has been composed with the first character. */
#define GONE UINT32_MAX

/* Whether the first character held begins a sequence, so that others may compose with it. */
static bool has_first(const struct stage *stage)
{
    return stage->held.n > 0 && stage->held.items[0].kind.combining_class == 0;
}

static void note_classes(const struct chars *held, bool classes[256])
{
    for (size_t i = 0; i < held->n; i++)
        classes[held->items[i].kind.combining_class] = true;
}

/* Composes what can be of one class; whether a mark of it stays. */
static bool compose_class(struct chars *held, unsigned combining_class)
{
    struct normal_char *first = &held->items[0];
    bool stays = false;

    for (size_t i = 1; i < held->n; i++) {
        struct normal_char *mark = &held->items[i];
        uint32_t composed;

        if (mark->kind.combining_class != combining_class)
            continue;
        if (!stays && unicode_compose(first->c, mark->c, &composed)) {
            *first = normal_char_with(first, composed);
            mark->c = GONE;
        } else {
            stays = true;
        }
    }
    return stays;
}

/* Moves the marks that stay to the front. The i-th place stands for what the one n_gone further on
 * stood for. */
static void drop_gone(struct chars *held, size_t n_gone)
{
    size_t n = 1;

    for (size_t i = 1; i < held->n; i++) {
        if (held->items[i].c == GONE)
            continue;
        held->items[n].c = held->items[i].c;
        held->items[n].kind = held->items[i].kind;
        n++;
    }
    for (size_t i = 1; i < n; i++) {
        held->items[i].start = held->items[i + n_gone].start;
        held->items[i].stop = held->items[i + n_gone].stop;
    }
}

/* Composes the held marks with the first character, and drops those that are gone. */
static void compose(struct chars *held)
{
    bool classes[256] = {false};
    size_t n = 1;

    note_classes(held, classes);
    for (unsigned i = 1; i < 256; i++)
        if (classes[i])
            (void)compose_class(held, i);
    for (size_t i = 1; i < held->n; i++)
        n += held->items[i].c != GONE;
    drop_gone(held, held->n - n);
    held->n = n;
}

/* Puts what is held of one class. *place is whose bytes the next one stands for. */
static bool put_class(struct stage *stage, unsigned combining_class, size_t *place)
{
    const struct chars *held = &stage->held;

    for (size_t i = 0; i < held->n; i++) {
        struct normal_char normal = held->items[i];

        if (normal.kind.combining_class != combining_class)
            continue;
        normal.start = held->items[*place].start;
        normal.stop = held->items[(*place)++].stop;
        if (!stage_put(stage, &normal))
            return false;
    }
    return true;
}

/* Puts what is held, in order. */
static bool put_held(struct stage *stage)
{
    struct chars *held = &stage->held;
    bool classes[256] = {false};
    size_t place = 0;
    bool more = true;

    if (held->n == 1) {
        held->n = 0;
        return stage_put(stage, &held->items[0]);
    }
    note_classes(held, classes);
    for (unsigned i = 0; i < 256 && more; i++)
        more = !classes[i] || put_class(stage, i, &place);
    held->n = 0;
    return more;
}

/* Whether a character of class 0 composes with any before it: only some vowel signs and Hangul's
 * jamo do. */
static bool may_follow(uint32_t c)
{
    return c >= 0x9be && (c <= 0x1b35 || c >= 0x11000);
}

/* Takes a character that begins a sequence, unless it composes with the one before. */
static bool take_first(struct stage *stage, const struct normal_char *normal)
{
    struct chars *held = &stage->held;
    uint32_t composed;

    if (has_first(stage) && held->n > 1)
        compose(held);
    if (has_first(stage) && held->n == 1 && may_follow(normal->c) &&
        unicode_compose(held->items[0].c, normal->c, &composed)) {
        held->items[0] = normal_char_with(&held->items[0], composed);
        return true;
    }
    return (held->n == 0 || put_held(stage)) && stage_hold(stage, normal);
}

static bool take(struct stage *stage, const struct normal_char *normal)
{
    uint32_t decomposed[MAX_DECOMPOSED];
    size_t n =
        unicode_decompose(normal->c, normal->kind, stage->part->flags & COMPATIBLE, decomposed);
    bool more = true;

    for (size_t i = 0; i < n && more; i++) {
        const struct normal_char part = normal_char_with(normal, decomposed[i]);

        more = part.kind.combining_class == 0 ? take_first(stage, &part) : stage_hold(stage, &part);
    }
    return more;
}

static bool end(struct stage *stage)
{
    if (has_first(stage) && stage->held.n > 1)
        compose(&stage->held);
    return (stage->held.n == 0 || put_held(stage)) && stage_put_end(stage);
}

static const struct stage_type type = {take, end, .ascii_is_separate = false};

enum status normalize_nfc_read(void *into, const struct document *part, struct error *error)
{
    enum status status = chain_grow(into, MAX_DECOMPOSED_CANONICALLY, error);

    (void)part;
    return status ? status : chain_add(into, &type, 0, NULL, error);
}

enum status normalize_nfkc_read(void *into, const struct document *part, struct error *error)
{
    enum status status = chain_grow(into, MAX_DECOMPOSED, error);

    (void)part;
    return status ? status : chain_add(into, &type, COMPATIBLE, NULL, error);
}
