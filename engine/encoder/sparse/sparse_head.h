/* SPDX-License-Identifier: Apache-2.0 */

/* What makes sparse vectors of the last layer's rows: a masked language model's head, whose output
 * has as many columns as the vocabulary has tokens, and the pooling of what it gives. That product
 * is never whole: the vocabulary is cut into panels, and a panel's scores go into the texts' vectors
 * block of rows by block. Read-only once made. Private to the encoder. */
#ifndef NESTD_ENGINE_ENCODER_SPARSE_SPARSE_HEAD_H
#define NESTD_ENGINE_ENCODER_SPARSE_SPARSE_HEAD_H

#include "engine/base/status.h"
#include "engine/encoder/layer.h"
#include "engine/encoder/plan.h"

#include <stddef.h>

struct encoder;

enum { SPARSE_PANEL_COLUMNS = 256 };

struct sparse_head {
    struct packed_linear dense; /* [hidden, hidden], in float32 */
    struct packed_norm norm;
    struct packed_linear *panels; /* [n_panels], each [SPARSE_PANEL_COLUMNS or, the last, fewer,
                                     hidden]: the vocabulary's rows, in order */
    size_t n_panels;              /* 0: vectors are dense */
};

/* Packs the model's, where it has one. The encoder's is zeroed before; release it after a failure
 * too. */
MUST_CHECK enum status sparse_head_init(struct encoder *encoder, struct error *error);
void sparse_head_release(struct sparse_head *head);

step_function step_sparse_rows;   /* x -> x = norm(activation(dense(x))), mid_operand */
step_function step_sparse_scores; /* mid_operand -> panel `head` of every text's vector */

#endif
