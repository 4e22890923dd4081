/* SPDX-License-Identifier: Apache-2.0 */

/* The forward pass of a BERT encoder (Devlin et al., "BERT", arXiv 1810.04805; post-norm layers of
 * Vaswani et al., arXiv 1706.03762): token ids in, token vectors out. Texts lie end to end with no
 * padding.
 *
 * struct encoder holds the packed weights and is shared, read-only; a struct encoder_context is one
 * worker's memory and is used by one thread at a time, except for a helper's part in a pass
 * (team.h). A pass allocates nothing (promise 6), and a text's numbers do not depend on the texts
 * beside it nor on how many threads help (promise 1). */
#ifndef NESTD_ENGINE_ENCODER_ENCODER_H
#define NESTD_ENGINE_ENCODER_ENCODER_H

#include "engine/base/status.h"
#include "engine/encoder/accuracy_report.h"

#include <stddef.h>
#include <stdint.h>

struct encoder;
struct encoder_context;
struct model;
struct team;

/* The number format of the matrix products. The residual stream, layer norm, softmax and activation
 * are float32 throughout. */
enum encoder_dtype {
    ENCODER_FLOAT32,
    ENCODER_BFLOAT16, /* attention's products too, where the CPU has them */
    ENCODER_INT8, /* uint8 per token times int8 per output channel; attention as with bfloat16 */
};

/* UNSUPPORTED: a format that this CPU does not multiply faster than float32, or not exactly.
 * `cpu_mask` is ANDed with the CPU's features (kernels/cpu.h). */
MUST_CHECK enum status encoder_check_dtype(enum encoder_dtype dtype, unsigned cpu_mask,
                                           struct error *error);

/* Packs the model's weights, in n_threads threads; afterwards of the model only the embedding
 * tables are read. The encoder keeps a pointer to `model`, which must outlive it. `dtype` must pass
 * encoder_check_dtype. */
MUST_CHECK enum status encoder_new(struct encoder **ret_encoder, const struct model *model,
                                   enum encoder_dtype dtype, unsigned cpu_mask, size_t n_threads,
                                   struct error *error);
void encoder_free(struct encoder *encoder);

struct encoder_text;

/* Where the dtype is int8: measures what that costs on probe texts, and puts the products that are
 * to blame into bfloat16 (float32 where the CPU has none), as little work as brings the cosines
 * within the limits. What is chosen depends only on the build, the CPU, the model and the texts.
 * In n_threads threads, before the first context is made. */
MUST_CHECK enum status encoder_fall_back(struct encoder *encoder, const struct encoder_text *texts,
                                         size_t n_texts, size_t n_threads, struct error *error);

/* How passes are cut, which changes no bit of a vector. "auto" measures it, in n_threads threads
 * for less than 300 ms; else that way (tune/ways.h) is taken, or what the rules say where there is
 * none of that name. After encoder_fall_back and before the first context is made. NO_MEMORY. */
MUST_CHECK enum status encoder_tune(struct encoder *encoder, const char *way, size_t n_threads);

/* Borrowed. */
const struct accuracy_report *encoder_get_accuracy(const struct encoder *encoder);

/* A worker's memory for passes of up to `max_tokens` tokens, or for a helper's part in passes whose
 * texts have as many. */
MUST_CHECK enum status encoder_context_new(const struct encoder *encoder, size_t max_tokens,
                                           struct encoder_context **ret_context);
void encoder_context_free(struct encoder_context *context);

/* The larger part of what that takes; SIZE_MAX if it does not fit a size_t. */
size_t encoder_context_len_bytes(const struct encoder *encoder, size_t max_tokens);

/* One text of a pass. */
struct encoder_text {
    const int32_t *ids; /* [n_tokens], each inside the vocabulary */
    size_t n_tokens;    /* 1 to the model's max_tokens */
    size_t n_first;     /* of a pair's first text: those behind have type 1; 0: it is one text */
    float *scores;      /* of a sparse encoder: [vocab_size], the text's vector, which the pass
                           writes; NULL in all texts of a pass: none is made */
};

struct encoder_pass {
    const struct encoder_text *texts; /* [n_texts] */
    size_t n_texts;
    struct team *team; /* the owner's; helpers bring their own encoder_context as `member` */

    /* Called by the owner when nobody else is at work on the pass: before each layer, and while it
     * has no helpers before each tile too. May be NULL. */
    void (*before_layer)(void *user);
    void (*before_tile)(void *user);
    void *user;

    /* Of a pass through a part of the layers, all zero otherwise. */
    size_t first_layer;
    const float *first_tokens; /* [sum of n_tokens, hidden_size]: what goes into the first layer */
    size_t n_layers;           /* 0: all that are left */
};

/* Encodes texts that have at most the context's max_tokens together. *ret_tokens: [sum of
 * n_tokens, hidden_size], text after text, in the context's memory, valid until its next pass. */
MUST_CHECK enum status encoder_run(struct encoder_context *context, const struct encoder_pass *pass,
                                   const float **ret_tokens);

/* How many members of a pass's team would have rows or columns of their own to multiply. */
size_t encoder_max_members(size_t n_tokens);

/* A small part of a pass. What oneDNN, OpenMP and the C++ library set up in a thread's first
 * product is there after it, so that no later pass of the thread allocates. */
MUST_CHECK enum status encoder_warm_up(struct encoder_context *context);

/* What was chosen for this CPU, for the log and /info. Borrowed. */
const char *encoder_gemm_name(const struct encoder *encoder);
const char *encoder_kernels_name(const struct encoder *encoder);
const char *encoder_ways(const struct encoder *encoder);
const char *encoder_dtype_name(enum encoder_dtype dtype); /* "float32" ... */

/* What --dtype auto means here: bfloat16 where the CPU multiplies it natively, else float32. */
enum encoder_dtype encoder_auto_dtype(unsigned cpu_mask);

#endif
