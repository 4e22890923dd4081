/* SPDX-License-Identifier: Apache-2.0 */

/* sentence_bert_config.json, or its sibling of another family: what sentence-transformers'
 * Transformer module is told. This is the one reader of the file. Any thread. */
#ifndef NESTD_ENGINE_MODEL_INPUT_LIMITS_H
#define NESTD_ENGINE_MODEL_INPUT_LIMITS_H

#include "engine/base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct input_limits {
    size_t max_tokens;   /* max_seq_length; 0: the file sets none */
    bool lowercase;      /* do_lower_case: lower case, whatever the tokenizer says */
    bool takes_messages; /* modality_config has "message": texts go through the chat template */
};

/* What the module gives. */
enum transformer_task {
    TASK_EMBED,        /* token vectors */
    TASK_JUDGE,        /* a cross-encoder's scores */
    TASK_ANSWER,       /* logits of the next token */
    TASK_FILL,         /* each token's scores of the vocabulary */
    TASK_FILL_IF_SAID, /* the same, which the file must say */
};

/* STATUS_UNSUPPORTED if the file asks for anything else than the task that changes the numbers. */
MUST_CHECK enum status input_limits_read(struct input_limits *ret_limits, const char *folder,
                                         enum transformer_task task, struct error *error);

#endif
