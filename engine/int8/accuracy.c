/* SPDX-License-Identifier: Apache-2.0 */

#include "engine/int8/accuracy.h"

#include "engine/base/memory.h"
#include "engine/encoder/context.h"
#include "engine/base/parallel.h"
#include "engine/encoder/team.h"
#include "engine/int8/reference.h"
#include "engine/model/model.h"
#include "engine/model/modules/pool.h"
#include "engine/vector/vector.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { GROUP_TOKENS = 2 * GEMM_MAX_ROWS }; /* of a job */

/* ---- a pass ---- */

static size_t count_tokens(const struct encoder_text *texts, size_t n_texts)
{
    size_t n_tokens = 0;

    for (size_t i = 0; i < n_texts; i++)
        n_tokens += texts[i].n_tokens;
    return n_tokens;
}

size_t accuracy_count_fitting(const struct encoder_text *texts, size_t n_texts, size_t max_tokens)
{
    size_t n_tokens = 0;
    size_t n = 0;

    while (n < n_texts && (n == 0 || n_tokens + texts[n].n_tokens <= max_tokens))
        n_tokens += texts[n++].n_tokens;
    return n;
}

/* Runs a pass in this thread only, and pools: ret_vectors, [n_texts, n_dims]. */
static enum status encode(const struct encoder *encoder, const struct encoder_pass *pass,
                          float *ret_vectors)
{
    const struct model *model = encoder->model;
    size_t hidden = model->arch.hidden_size;
    struct team team = {0};
    struct encoder_pass alone = *pass;
    struct encoder_context *context;
    const float *tokens; /* [sum of n_tokens, hidden] */
    size_t n_floats = model_pool_floats(model);
    size_t n = model_count_measured(model);
    AUTO_FREE float *pooled = calloc(2 * n_floats, sizeof *pooled);
    enum status status =
        encoder_context_new(encoder, count_tokens(pass->texts, pass->n_texts), &context);

    if (status)
        return status;
    team_open(&team);
    alone.team = &team;
    status = pooled ? encoder_run(context, &alone, &tokens) : STATUS_NO_MEMORY;
    for (size_t i = 0; i < pass->n_texts && !status; i++) {
        model_pool_measured(model, tokens, pass->texts[i].n_tokens, pooled, pooled + n_floats);
        memcpy(ret_vectors + i * n, pooled, n * sizeof *pooled);
        tokens += pass->texts[i].n_tokens * hidden;
    }
    encoder_context_free(context);
    return status;
}

/* Texts in jobs of GROUP_TOKENS. */
struct encoding {
    const struct accuracy *accuracy;
    enum status (*encode)(const struct encoder *encoder, const struct encoder_pass *pass,
                          float *ret_vectors);
    float *vectors; /* [n_texts, n_dims] */
};

static enum status encode_group(void *user, size_t job)
{
    const struct encoding *encoding = user;
    const struct accuracy *accuracy = encoding->accuracy;
    struct encoder_pass pass = {.texts = accuracy->texts};
    size_t n_left = accuracy->n_texts;

    for (size_t i = 0; i <= job; i++) {
        pass.texts += pass.n_texts;
        pass.n_texts = accuracy_count_fitting(pass.texts, n_left, GROUP_TOKENS);
        n_left -= pass.n_texts;
    }
    return encoding->encode(accuracy->encoder, &pass,
                            encoding->vectors + (size_t)(pass.texts - accuracy->texts) *
                                                    model_count_measured(accuracy->encoder->model));
}

static enum status encode_all(struct encoding *encoding)
{
    const struct accuracy *accuracy = encoding->accuracy;
    size_t n_groups = 0;

    for (size_t i = 0; i < accuracy->n_texts; n_groups++)
        i += accuracy_count_fitting(accuracy->texts + i, accuracy->n_texts - i, GROUP_TOKENS);
    return parallel_run(accuracy->n_threads, n_groups, encode_group, encoding);
}

/* ---- float32 ---- */

/* A pass in float32, before each layer of which there is something to do. */
struct exact_pass {
    struct reference exact;
    size_t next_layer;
};

static void load_layer(void *user)
{
    struct exact_pass *pass = user;

    reference_load(&pass->exact, pass->next_layer++);
}

static enum status encode_exactly(const struct encoder *encoder, const struct encoder_pass *pass,
                                  float *ret_vectors)
{
    struct encoder_pass encoder_pass = *pass;
    struct exact_pass exact_pass = {0};
    enum status status = reference_init(&exact_pass.exact, encoder);

    encoder_pass.before_layer = load_layer;
    encoder_pass.user = &exact_pass;
    if (!status)
        status = encode(&exact_pass.exact.encoder, &encoder_pass, ret_vectors);
    reference_release(&exact_pass.exact);
    return status;
}

/* ---- the deviation ---- */

/* A text whose exact vector has no direction cannot be measured and counts for nothing; where only
 * the other one has none, nothing is left of it. */
static struct deviation compare(const float *exact, const float *found, size_t n_texts, size_t n)
{
    struct deviation deviation = {0};
    size_t n_measured = 0;

    for (size_t i = 0; i < n_texts; i++, exact += n, found += n) {
        double exact_square = vector_dot(exact, exact, n);
        double found_square = vector_dot(found, found, n);
        double lost = 1 - vector_dot(exact, found, n) / sqrt(exact_square * found_square);

        if (!isfinite(exact_square) || exact_square == 0)
            continue;
        if (!isfinite(lost))
            lost = 1;
        n_measured++;
        deviation.mean += (lost - deviation.mean) / (double)n_measured;
        deviation.max = lost > deviation.max ? lost : deviation.max;
    }
    return deviation;
}

enum status accuracy_init(struct accuracy *ret_accuracy, const struct encoder *encoder,
                          const struct encoder_text *texts, size_t n_texts, size_t n_threads)
{
    struct encoding encoding = {.accuracy = ret_accuracy, .encode = encode_exactly};

    *ret_accuracy = (struct accuracy){
        .encoder = encoder, .texts = texts, .n_texts = n_texts, .n_threads = n_threads};
    ret_accuracy->exact = calloc(n_texts, model_count_measured(encoder->model) * sizeof(float));
    if (!ret_accuracy->exact)
        return STATUS_NO_MEMORY;
    encoding.vectors = ret_accuracy->exact;
    return encode_all(&encoding);
}

void accuracy_release(struct accuracy *accuracy)
{
    free(accuracy->exact);
    *accuracy = (struct accuracy){0};
}

enum status accuracy_measure(const struct accuracy *accuracy, struct deviation *ret_deviation)
{
    size_t n_dims = model_count_measured(accuracy->encoder->model);
    AUTO_FREE float *found = calloc(accuracy->n_texts, n_dims * sizeof(float));
    struct encoding encoding = {.accuracy = accuracy, .encode = encode, .vectors = found};
    enum status status = found ? encode_all(&encoding) : STATUS_NO_MEMORY;

    if (!status)
        *ret_deviation = compare(accuracy->exact, found, accuracy->n_texts, n_dims);
    return status;
}
