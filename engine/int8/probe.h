/* SPDX-License-Identifier: Apache-2.0 */

/* The built-in texts on which an encoder's accuracy is measured at load, as a model's tokenizer
 * cuts them. */
#ifndef NESTD_ENGINE_INT8_PROBE_H
#define NESTD_ENGINE_INT8_PROBE_H

#include "engine/base/status.h"
#include "engine/encoder/encoder.h"
#include "engine/tokenizer/tokenizer.h"

#include <stddef.h>

struct probe {
    struct encoder_text *texts; /* [n_texts], each of a token at least */
    size_t n_texts;
    struct tokens tokens; /* private: what the texts' ids point into */
};

/* `ret_probe` is released even after a failure. max_tokens: the model's, of one text. */
MUST_CHECK enum status probe_init(struct probe *ret_probe, const struct tokenizer *tokenizer,
                                  size_t max_tokens);
void probe_release(struct probe *probe);

#endif
