/* SPDX-License-Identifier: Apache-2.0 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "tests/engine/tokenizer/golden.h"

#include "tests/engine/model/data_dir.h"

#include <stdio.h>

const char *golden_path(const char *name)
{
    static char path[1024];

    snprintf(path, sizeof path, "%s/../tokenizer/%s", DATA_DIR, name);
    return path;
}

struct tokenizer *golden_load(const char *folder)
{
    struct tokenizer *tokenizer = NULL;
    struct error error = {{0}};

    if (tokenizer_load(&tokenizer, golden_path(folder), false, &error))
        fail_msg("%s: %s", folder, error.text);
    return tokenizer;
}

struct tokenize_result golden_encode(const struct tokenizer *tokenizer, const char *text,
                                     size_t len_bytes, const struct tokenize_options *options,
                                     struct tokens *tokens)
{
    struct tokenize_result result;

    tokens->n_tokens = 0;
    assert_int_equal(tokenizer_encode(tokenizer, text, len_bytes, options, tokens, &result), 0);
    assert_int_equal(tokens->n_tokens, result.n_tokens);
    return result;
}
