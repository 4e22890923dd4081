/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/damage/subject.h"
#include "engine/engine.h"
#include "engine/model/model.h"
#include "tests/engine/run_group.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PASS_TOKENS = 64, MAX_TEXT_TOKENS = 48, QUEUED_TOKENS = 100000 };

static const char text[] =
    "The caf\xc3\xa9 [MASK] <left> new york \xe5\x8c\x97 xyz [CLS]  abab\n'S 1234 "
    "e\xcc\x81 A\xc2\xa0\xe2\x80\x8b\xe2\x96\x81 <s>tab tab "
    "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x92\xbb";

static void check(bool holds, const char *what)
{
    if (holds)
        return;
    fprintf(stderr, "damage: %s\n", what);
    abort();
}

static void check_refusal(enum status status, const struct error *error, const char *folder)
{
    bool names_file = strstr(error->text, ".json") || strstr(error->text, ".safetensors") ||
                      strstr(error->text, ".txt") || strstr(error->text, folder);

    if (status == STATUS_NO_MEMORY && !error->text[0])
        return;
    if (!names_file)
        fprintf(stderr, "damage: status %d, \"%s\"\n", (int)status, error->text);
    check(names_file, "a refusal names no file");
}

/* ---- tokenizers ---- */

static void check_tokens(const struct tokenizer *tokenizer, const struct tokens *tokens)
{
    size_t n = tokenizer_vocabulary_size(tokenizer);
    char *decoded = NULL;
    size_t len_bytes;

    for (size_t i = 0; i < tokens->n_tokens; i++) {
        size_t ignored;

        check(tokens->ids[i] >= 0 && (size_t)tokens->ids[i] < n, "an id is outside the vocabulary");
        check(tokenizer_token_text(tokenizer, tokens->ids[i], &ignored), "a token has no text");
    }
    check(!tokenizer_decode(tokenizer, tokens->ids, tokens->n_tokens, false, &decoded, &len_bytes),
          "ids are not decoded");
    free(decoded);
}

/* A pair where `is_pair`, else a text; at most max_tokens of it. */
static void tokenize(const struct tokenizer *tokenizer, bool is_pair, size_t max_tokens,
                     struct tokens *tokens)
{
    const struct tokenize_options options = {
        .truncate = max_tokens ? TRUNCATE_END : TRUNCATE_NONE,
        .max_tokens = max_tokens,
        .add_special = true,
        .want_spans = true,
        .want_types = true,
    };
    struct tokenize_result result;
    enum status status;

    tokens->n_tokens = 0;
    if (is_pair)
        status = tokenizer_encode_pair(tokenizer, text, sizeof text - 1, text, 9, &options, tokens,
                                       &result);
    else
        status = tokenizer_encode(tokenizer, text, sizeof text - 1, &options, tokens, &result);
    check(!status || (status == STATUS_TOO_LONG && max_tokens), "a text is not tokenized");
    check(!max_tokens || tokens->n_tokens <= max_tokens, "a text has too many tokens");
    check_tokens(tokenizer, tokens);
}

/* `is_bare`: a static embedding's. */
static bool try_tokenizer(const char *folder, bool is_bare)
{
    struct tokenizer *tokenizer = NULL;
    struct error error = {{0}};
    struct tokens tokens = {0};
    enum status status = is_bare ? tokenizer_load_bare(&tokenizer, folder, &error)
                                 : tokenizer_load(&tokenizer, folder, false, &error);

    if (status) {
        check_refusal(status, &error, folder);
        return false;
    }
    for (size_t max_tokens = 0; max_tokens < 16; max_tokens += 7)
        for (int is_pair = 0; is_pair < 2; is_pair++)
            tokenize(tokenizer, is_pair, max_tokens, &tokens);
    tokens_release(&tokens);
    tokenizer_free(tokenizer);
    return true;
}

bool subject_try_tokenizer(const char *folder)
{
    return try_tokenizer(folder, false);
}

/* ---- models ---- */

static void encode_text(struct engine *engine, bool is_pair)
{
    const struct engine_info *info = engine_get_info(engine);
    size_t max_tokens = info->max_tokens < MAX_TEXT_TOKENS ? info->max_tokens : MAX_TEXT_TOKENS;
    float *vector = calloc(info->n_dims, sizeof *vector);
    struct tokens tokens = {0};
    struct job job = {.vector = vector, .n_dims = info->n_dims, .normalize = info->normalize};
    struct job_group group = {0};
    enum status status;

    check(vector != NULL, "out of memory");
    tokenize(info->tokenizer, is_pair, max_tokens, &tokens);
    job.ids = tokens.ids;
    job.n_tokens = tokens.n_tokens;
    job.n_first = is_pair ? tokens_count_first(&tokens, 0) : 0;
    status = run_group(engine, &job, 1, &group);
    check(group.jobs != NULL, "a text is not taken");
    check(status == STATUS_OK || status == STATUS_NOT_FINITE, "a text is not encoded");
    for (size_t i = 0; i < info->n_dims && !status; i++)
        check(isfinite(vector[i]), "a vector is not finite, and does not say so");
    tokens_release(&tokens);
    free(vector);
}

/* Without an engine, which needs some 30 ms of memory and machine code made anew. */
static bool read_model(const char *folder)
{
    struct model *model = NULL;
    struct error error = {{0}};
    enum status status = model_load(&model, folder, NULL, &error);
    bool opened = false;

    if (status)
        check_refusal(status, &error, folder);
    else
        opened = try_tokenizer(model->transformer_dir, model->table.weights != NULL);
    model_free(model);
    return opened;
}

bool subject_try_model(const char *folder, bool encodes)
{
    const struct engine_options options = {
        .model_dir = folder,
        .dtype = "float32",
        .n_workers = 1,
        .max_pass_tokens = PASS_TOKENS,
        .max_queued_tokens = QUEUED_TOKENS,
        .cpu_mask = CPU_MASK_ALL,
    };
    struct engine *engine = NULL;
    struct error error = {{0}};
    enum status status;

    if (!encodes)
        return read_model(folder);
    status = engine_open(&engine, &options, NULL, &error);
    if (status) {
        check_refusal(status, &error, folder);
        return false;
    }
    encode_text(engine, false);
    if (engine_get_info(engine)->labels->n > 0)
        encode_text(engine, true);
    engine_close(engine);
    return true;
}
