/* SPDX-License-Identifier: Apache-2.0 */

/* DESIGN
 *
 * A pass works on the tokens of all its texts laid end to end: every step but attention sees only
 * rows, so nothing is padded and nothing is masked. A layer has three phases:
 *
 *     rows      x [n, hidden] -> q, k, v [n, 3 hidden]
 *     texts     attention of each text and head -> [n, hidden]
 *     rows      output projection, residual, layer norm; feed-forward network, residual, layer norm
 * -> x
 *
 * Rows go in blocks of GEMM_MOST_ROWS, each through the whole of its phase, so that what is between
 * two products (a block of 64 x 4096 at most) stays in the second-level cache.
 *
 * Promise 1: a product's row has the same bits in whichever block it lies (gemm.h), the row kernels
 * see one row, and attention sees one text. */
#include "engine/encoder/encoder.h"

#include "engine/encoder/arena.h"
#include "engine/encoder/gemm.h"
#include "engine/kernels/cpu.h"
#include "engine/kernels/kernels.h"
#include "engine/memory.h"
#include "engine/model/model.h"

#include <math.h>

/* A linear layer: weights packed, bias widened. */
struct packed_linear {
    struct gemm_weights *weights;
    float *bias; /* [n_out] */
};

struct norm {
    float *gamma; /* [hidden] */
    float *beta;  /* [hidden] */
};

struct encoder_layer {
    struct packed_linear qkv; /* query, key and value side by side: [3 hidden, hidden] */
    struct packed_linear attention_output; /* [hidden, hidden] */
    struct norm attention_norm;
    struct packed_linear intermediate; /* [intermediate, hidden] */
    struct packed_linear output;       /* [hidden, intermediate] */
    struct norm output_norm;
};

struct encoder {
    const struct model *model;
    struct gemm *gemm;
    struct kernels kernels;
    kernel_bias_activation *bias_activation; /* the model's, out of kernels */
    float *positions;                        /* [most_tokens, hidden]: position + token type 0 */
    struct norm embedding_norm;
    struct encoder_layer *layers; /* [n_layers] */
};

struct encoder_context {
    const struct encoder *encoder;
    struct gemm_context *gemm;
    struct arena arena;
    size_t most_tokens;
    /* n = most_tokens rounded up to whole blocks */
    float *x;         /* [n, hidden]: the residual stream */
    float *qkv;       /* [n, 3 hidden] */
    float *attended;  /* [n, hidden] */
    float *projected; /* [GEMM_MOST_ROWS, hidden] */
    float *inner;     /* [GEMM_MOST_ROWS, intermediate] */
    float *scratch;   /* of one attention */
};

/* ---- weights ---- */

static enum status norm_init(struct norm *norm, const struct layer_norm_weights *weights, size_t n)
{
    norm->gamma = memory_new_aligned(n * sizeof(float));
    norm->beta = memory_new_aligned(n * sizeof(float));
    if (!norm->gamma || !norm->beta)
        return STATUS_NO_MEMORY;
    tensor_widen(&weights->gamma, 0, n, norm->gamma);
    tensor_widen(&weights->beta, 0, n, norm->beta);
    return STATUS_OK;
}

static void norm_release(struct norm *norm)
{
    free(norm->gamma);
    free(norm->beta);
}

/* Packs linear layers of one input side by side. */
static enum status packed_linear_init(struct packed_linear *packed, struct gemm *gemm,
                                      const struct linear *const *linears, size_t n_linears,
                                      struct error *error)
{
    size_t n_in = linears[0]->weight.dims[1];
    size_t n_each = linears[0]->weight.dims[0];
    size_t n_out = n_each * n_linears;
    AUTO_FREE float *widened = memory_new_aligned(n_out * n_in * sizeof(float));

    packed->bias = memory_new_aligned(n_out * sizeof(float));
    if (!widened || !packed->bias)
        return error_set(error, STATUS_NO_MEMORY, "out of memory while packing weights");
    for (size_t i = 0; i < n_linears; i++) {
        tensor_widen(&linears[i]->weight, 0, n_each * n_in, widened + i * n_each * n_in);
        tensor_widen(&linears[i]->bias, 0, n_each, packed->bias + i * n_each);
    }
    return gemm_pack(gemm, widened, n_out, n_in, &packed->weights, error);
}

static void packed_linear_release(struct packed_linear *packed)
{
    gemm_weights_free(packed->weights);
    free(packed->bias);
}

static enum status layer_init(struct encoder_layer *layer, struct gemm *gemm,
                              const struct model_layer *stored, size_t hidden_size,
                              struct error *error)
{
    const struct linear *qkv[] = {&stored->query, &stored->key, &stored->value};
    const struct linear *attention_output = &stored->attention_output;
    const struct linear *intermediate = &stored->intermediate;
    const struct linear *output = &stored->output;
    enum status status = packed_linear_init(&layer->qkv, gemm, qkv, 3, error);

    if (!status)
        status = packed_linear_init(&layer->attention_output, gemm, &attention_output, 1, error);
    if (!status)
        status = norm_init(&layer->attention_norm, &stored->attention_norm, hidden_size);
    if (!status)
        status = packed_linear_init(&layer->intermediate, gemm, &intermediate, 1, error);
    if (!status)
        status = packed_linear_init(&layer->output, gemm, &output, 1, error);
    if (!status)
        status = norm_init(&layer->output_norm, &stored->output_norm, hidden_size);
    return status;
}

static void layer_release(struct encoder_layer *layer)
{
    packed_linear_release(&layer->qkv);
    packed_linear_release(&layer->attention_output);
    norm_release(&layer->attention_norm);
    packed_linear_release(&layer->intermediate);
    packed_linear_release(&layer->output);
    norm_release(&layer->output_norm);
}

static enum status positions_init(struct encoder *encoder)
{
    const struct model *model = encoder->model;
    size_t hidden = model->shape.hidden_size;
    float *types = NULL;

    encoder->positions = memory_new_aligned(model->most_tokens * hidden * sizeof(float));
    types = memory_new_aligned(hidden * sizeof(float));
    if (!encoder->positions || !types) {
        free(types);
        return STATUS_NO_MEMORY;
    }
    tensor_widen(&model->type_embeddings, 0, hidden, types);
    tensor_widen(&model->position_embeddings, 0, model->most_tokens * hidden, encoder->positions);
    encoder->kernels.bias(encoder->positions, types, model->most_tokens, hidden);
    free(types);
    return STATUS_OK;
}

static kernel_bias_activation *pick_activation(const struct kernels *kernels,
                                               enum activation activation)
{
    switch (activation) {
    case ACTIVATION_GELU:
        return kernels->bias_gelu;
    case ACTIVATION_GELU_TANH:
        return kernels->bias_gelu_tanh;
    case ACTIVATION_RELU:
        return kernels->bias_relu;
    }
    return NULL;
}

enum status encoder_new(struct encoder **ret_encoder, const struct model *model, unsigned cpu_mask,
                        struct error *error)
{
    struct encoder *encoder = calloc(1, sizeof *encoder);
    enum status status = STATUS_NO_MEMORY;

    if (!encoder)
        goto fail;
    encoder->model = model;
    kernels_choose(&encoder->kernels, cpu_flags(cpu_mask));
    encoder->bias_activation = pick_activation(&encoder->kernels, model->shape.activation);
    encoder->layers = calloc(model->shape.n_layers, sizeof *encoder->layers);
    if (!encoder->layers)
        goto fail;
    status = positions_init(encoder);
    if (!status)
        status =
            norm_init(&encoder->embedding_norm, &model->embedding_norm, model->shape.hidden_size);
    if (!status)
        status = gemm_open(&encoder->gemm, error);
    for (size_t i = 0; i < model->shape.n_layers && !status; i++)
        status = layer_init(&encoder->layers[i], encoder->gemm, &model->layers[i],
                            model->shape.hidden_size, error);
    if (status)
        goto fail;
    *ret_encoder = encoder;
    return STATUS_OK;

fail:
    encoder_free(encoder);
    return error_set(error, status, "out of memory while packing the model's weights");
}

void encoder_free(struct encoder *encoder)
{
    if (!encoder)
        return;
    for (size_t i = 0; encoder->layers && i < encoder->model->shape.n_layers; i++)
        layer_release(&encoder->layers[i]);
    free(encoder->layers);
    norm_release(&encoder->embedding_norm);
    free(encoder->positions);
    gemm_close(encoder->gemm);
    free(encoder);
}

const char *encoder_gemm_name(const struct encoder *encoder)
{
    return gemm_name(encoder->gemm);
}

const char *encoder_kernels_name(const struct encoder *encoder)
{
    return encoder->kernels.name;
}

/* ---- a worker's memory ---- */

static enum status context_take_memory(struct encoder_context *context)
{
    const struct model_shape *shape = &context->encoder->model->shape;
    size_t n_rows = round_up(context->most_tokens, GEMM_MOST_ROWS);
    size_t head_size = shape->hidden_size / shape->n_attention_heads;
    size_t longest = context->encoder->model->most_tokens;
    const struct {
        float **place;
        size_t n_rows;
        size_t n_columns;
    } pieces[] = {
        {&context->x, n_rows, shape->hidden_size},
        {&context->qkv, n_rows, 3 * shape->hidden_size},
        {&context->attended, n_rows, shape->hidden_size},
        {&context->projected, GEMM_MOST_ROWS, shape->hidden_size},
        {&context->inner, GEMM_MOST_ROWS, shape->intermediate_size},
        {&context->scratch, 1, KERNEL_ATTENTION_SCRATCH_FLOATS(longest, head_size)},
    };
    const size_t n_pieces = sizeof pieces / sizeof *pieces;
    size_t len_bytes = 0;
    enum status status;

    for (size_t i = 0; i < n_pieces; i++)
        if (!arena_plan_floats(&len_bytes, pieces[i].n_rows, pieces[i].n_columns))
            return STATUS_NO_MEMORY;
    status = arena_init(&context->arena, len_bytes);
    for (size_t i = 0; i < n_pieces && !status; i++)
        *pieces[i].place =
            arena_take_floats(&context->arena, pieces[i].n_rows, pieces[i].n_columns);
    return status;
}

enum status encoder_context_new(const struct encoder *encoder, size_t most_tokens,
                                struct encoder_context **ret_context)
{
    struct encoder_context *context = calloc(1, sizeof *context);
    enum status status;

    if (!context)
        return STATUS_NO_MEMORY;
    context->encoder = encoder;
    context->most_tokens = most_tokens;
    status = context_take_memory(context);
    if (!status)
        status = gemm_context_new(encoder->gemm, &context->gemm);
    if (status) {
        encoder_context_free(context);
        return status;
    }
    *ret_context = context;
    return STATUS_OK;
}

void encoder_context_free(struct encoder_context *context)
{
    if (!context)
        return;
    gemm_context_free(context->gemm);
    arena_release(&context->arena);
    free(context);
}

/* ---- the pass ---- */

/* x = layer_norm(word + position + token type) */
static void embed(struct encoder_context *context, const struct encoder_text *text, float *x)
{
    const struct encoder *encoder = context->encoder;
    const struct model *model = encoder->model;
    size_t hidden = model->shape.hidden_size;

    for (size_t i = 0; i < text->n_tokens; i++)
        tensor_widen(&model->word_embeddings, (size_t)text->ids[i] * hidden, hidden,
                     x + i * hidden);
    encoder->kernels.layer_norm(x, NULL, encoder->positions, encoder->embedding_norm.gamma,
                                encoder->embedding_norm.beta, model->shape.layer_norm_eps,
                                text->n_tokens, hidden, x);
}

/* qkv = x Wqkv^T + b, of rows [row, row + n_rows) */
static enum status project_qkv(struct encoder_context *context, const struct encoder_layer *layer,
                               size_t row, size_t n_rows)
{
    size_t hidden = context->encoder->model->shape.hidden_size;
    float *qkv = context->qkv + row * 3 * hidden; /* [n_rows, 3 hidden] */
    enum status status =
        gemm_multiply(context->gemm, layer->qkv.weights, context->x + row * hidden, n_rows, qkv);

    if (!status)
        context->encoder->kernels.bias(qkv, layer->qkv.bias, n_rows, 3 * hidden);
    return status;
}

/* attended = softmax(q k^T / sqrt(head size)) v, of the text at rows [row, row + n_tokens) */
static void attend(struct encoder_context *context, size_t row, size_t n_tokens)
{
    const struct model_shape *shape = &context->encoder->model->shape;
    size_t hidden = shape->hidden_size;
    size_t head_size = hidden / shape->n_attention_heads;
    float scale = 1.0f / sqrtf((float)head_size);

    for (size_t head = 0; head < shape->n_attention_heads; head++) {
        const float *q = context->qkv + row * 3 * hidden + head * head_size;

        context->encoder->kernels.attention(
            q, q + hidden, q + 2 * hidden, 3 * hidden, n_tokens, head_size, scale, context->scratch,
            context->attended + row * hidden + head * head_size, hidden);
    }
}

/* x = layer_norm(x + attended Wo^T + b); x = layer_norm(x + f(x W1^T + b) W2^T + b), of rows [row,
 * row + n_rows) */
static enum status feed_forward(struct encoder_context *context, const struct encoder_layer *layer,
                                size_t row, size_t n_rows)
{
    const struct encoder *encoder = context->encoder;
    const struct model_shape *shape = &encoder->model->shape;
    size_t hidden = shape->hidden_size;
    float *x = context->x + row * hidden; /* [n_rows, hidden] */
    enum status status =
        gemm_multiply(context->gemm, layer->attention_output.weights,
                      context->attended + row * hidden, n_rows, context->projected);

    if (status)
        return status;
    encoder->kernels.layer_norm(context->projected, layer->attention_output.bias, x,
                                layer->attention_norm.gamma, layer->attention_norm.beta,
                                shape->layer_norm_eps, n_rows, hidden, x);
    status = gemm_multiply(context->gemm, layer->intermediate.weights, x, n_rows, context->inner);
    if (status)
        return status;
    encoder->bias_activation(context->inner, layer->intermediate.bias, n_rows,
                             shape->intermediate_size);
    status = gemm_multiply(context->gemm, layer->output.weights, context->inner, n_rows,
                           context->projected);
    if (status)
        return status;
    encoder->kernels.layer_norm(context->projected, layer->output.bias, x, layer->output_norm.gamma,
                                layer->output_norm.beta, shape->layer_norm_eps, n_rows, hidden, x);
    return STATUS_OK;
}

static size_t block_rows(size_t row, size_t n_rows)
{
    return n_rows - row < GEMM_MOST_ROWS ? n_rows - row : GEMM_MOST_ROWS;
}

static enum status run_layer(struct encoder_context *context, const struct encoder_layer *layer,
                             const struct encoder_text *texts, size_t n_texts, size_t n_tokens)
{
    enum status status = STATUS_OK;

    for (size_t row = 0; row < n_tokens && !status; row += GEMM_MOST_ROWS)
        status = project_qkv(context, layer, row, block_rows(row, n_tokens));
    for (size_t i = 0, row = 0; i < n_texts && !status; row += texts[i++].n_tokens)
        attend(context, row, texts[i].n_tokens);
    for (size_t row = 0; row < n_tokens && !status; row += GEMM_MOST_ROWS)
        status = feed_forward(context, layer, row, block_rows(row, n_tokens));
    return status;
}

enum status encoder_run(struct encoder_context *context, const struct encoder_text *texts,
                        size_t n_texts, const float **ret_tokens)
{
    const struct encoder *encoder = context->encoder;
    size_t hidden = encoder->model->shape.hidden_size;
    size_t n_tokens = 0;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < n_texts; n_tokens += texts[i++].n_tokens)
        embed(context, &texts[i], context->x + n_tokens * hidden);
    for (size_t i = 0; i < encoder->model->shape.n_layers && !status; i++)
        status = run_layer(context, &encoder->layers[i], texts, n_texts, n_tokens);
    if (!status)
        *ret_tokens = context->x;
    return status;
}
