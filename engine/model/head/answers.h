/* SPDX-License-Identifier: Apache-2.0 */

/* A decoder that judges by what it would say next: a text's score is the logit of one token, "yes",
 * less that of another, "no". */
#ifndef NESTD_ENGINE_MODEL_HEAD_ANSWERS_H
#define NESTD_ENGINE_MODEL_HEAD_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

struct answers {
    bool are_asked; /* false: the model is no such decoder */
    bool has_no;    /* false: the score is the logit of `yes_id` alone */
    size_t yes_id;
    size_t no_id;
};

#endif
