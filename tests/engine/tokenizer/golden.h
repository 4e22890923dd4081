/* SPDX-License-Identifier: Apache-2.0 */

/* What the tokenizer's tests share: the folders of tests/data/tokenizer. */
#ifndef NESTD_TESTS_ENGINE_TOKENIZER_GOLDEN_H
#define NESTD_TESTS_ENGINE_TOKENIZER_GOLDEN_H

#include "engine/tokenizer/tokenizer.h"

/* The path of a file or folder in tests/data/tokenizer, in a buffer that the next call overwrites.
 */
const char *golden_path(const char *name);

/* Loads tests/data/tokenizer/<folder>; the test fails if that cannot be. */
struct tokenizer *golden_load(const char *folder);

/* The tokens of text[len_bytes], checked to have come without an error. */
struct tokenize_result golden_encode(const struct tokenizer *tokenizer, const char *text,
                                     size_t len_bytes, const struct tokenize_options *options,
                                     struct tokens *tokens);

#endif
