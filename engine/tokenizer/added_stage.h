/* SPDX-License-Identifier: Apache-2.0 */

/* The stage that finds added tokens in normalised text, between normalizers and splitters. */
#ifndef NESTD_ENGINE_TOKENIZER_ADDED_STAGE_H
#define NESTD_ENGINE_TOKENIZER_ADDED_STAGE_H

#include "engine/tokenizer/added.h"
#include "engine/tokenizer/output.h"
#include "engine/tokenizer/stage.h"

/* What it works with. */
struct added_search {
    const struct added_tokens *added;
    struct output *output; /* takes the tokens */
};

/* Makes `stage` one that looks with `search`, borrowed, in front of `next`. */
void added_stage_init(struct stage *stage, struct added_search *search, struct stage *next);

#endif
