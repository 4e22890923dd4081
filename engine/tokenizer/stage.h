/* SPDX-License-Identifier: Apache-2.0 */

/* Normalizers and splitters, as a text goes through them.
 *
 * DESIGN. tokenizer.json's normalizer and pre-tokenizer are chains of parts. For each text every
 * part becomes a stage, which takes one character after another and hands on to the next stage what
 * becomes of it; the last stage gathers words. No strings are made: a stage holds back only what it
 * must see more of, such as marks that have to be put in order.
 *
 *     text -> normalizers -> added tokens in normalised text -> splitters -> words
 *
 * end() says that what was taken forms a piece: the normalizers' pieces lie between added tokens,
 * the splitters' pieces are words. A stage ends its own pieces and hands end() on. */
#ifndef NESTD_ENGINE_TOKENIZER_STAGE_H
#define NESTD_ENGINE_TOKENIZER_STAGE_H

#include "engine/base/status.h"
#include "engine/tokenizer/chars.h"

#include <stdbool.h>
#include <stddef.h>

struct stage;

/* What a part does. Both functions return false to stop: the output wants no more, or there is no
 * memory and stage->status says so. */
struct stage_type {
    bool (*take)(struct stage *stage, const struct normal_char *normal);
    bool (*end)(struct stage *stage);
    /* What becomes of an ASCII character depends on nothing before or after it, except that what
     * the stage holds goes before it. */
    bool ascii_is_separate;
};

/* A part as tokenizer.json describes it. Read-only once loaded. */
struct part {
    const struct stage_type *type;
    unsigned flags; /* the type's own */
    void *data;     /* the type's own, one block of the heap; may be NULL */
};

/* With MAX_GROWTH the time and memory of a text are linear in its length, whatever a tokenizer.json
 * says. ALBERT's normalizers, the largest chain of those in use, may make 648 characters of one. */
enum { MAX_PARTS = 16, MAX_GROWTH = 1 << 13 };

/* Zero it to begin. */
struct chain {
    struct part parts[MAX_PARTS];
    size_t n_parts;
    size_t growth; /* how many characters may become of one of the text; 0: one */
};

void chain_release(struct chain *chain);

/* Appends a part; takes `data`, also where it fails. STATUS_UNSUPPORTED where there are MAX_PARTS.
 */
MUST_CHECK enum status chain_add(struct chain *chain, const struct stage_type *type, unsigned flags,
                                 void *data, struct error *error);

/* Before a part is added that may make so many characters of one. STATUS_UNSUPPORTED where the chain
 * could make more than MAX_GROWTH. */
MUST_CHECK enum status chain_grow(struct chain *chain, size_t times, struct error *error);

/* A part at work on one text. */
struct stage {
    const struct stage_type *type;
    const struct part *part; /* NULL for the last stage */
    struct stage *next;
    enum status *status; /* where a stage says why it stopped */
    void *user;          /* the last stage's */
    size_t state[3];     /* the type's own; begins as 0 */
    struct chars held;   /* likewise, empty */
};

/* The stages of a chain, stages[n_parts], in front of `next`. */
void stages_init(struct stage *stages, const struct chain *chain, struct stage *next);
void stages_release(struct stage *stages, size_t n_stages);

/* Hand on to the next stage. */
static inline bool stage_put(const struct stage *stage, const struct normal_char *normal)
{
    return stage->next->type->take(stage->next, normal);
}

static inline bool stage_put_end(struct stage *stage)
{
    return stage->next->type->end(stage->next);
}

/* Hold back. */
static inline bool stage_hold(struct stage *stage, const struct normal_char *normal)
{
    if (chars_add(&stage->held, normal))
        return true;
    *stage->status = STATUS_NO_MEMORY;
    return false;
}

/* Sends a whole text, valid UTF-8, through a chain to a last stage. */
bool chain_run(const struct chain *chain, const char *text, size_t len_bytes, struct stage *last);

#endif
