/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/schedule/lane.h"

#include "engine/base/memory.h"
#include "engine/encoder/encoder.h"
#include "engine/model/model.h"
#include "engine/schedule/batcher.h"

#include <stdlib.h>

static size_t larger(size_t a, size_t b)
{
    return a > b ? a : b;
}

size_t lane_max_tokens(const struct workers_options *options, size_t i, bool is_main)
{
    const struct workers_model *served = &options->models[i];

    return is_main ? larger(served->max_pass_tokens, served->model->max_tokens)
                   : batcher_slice_tokens(options->batcher, i);
}

/* A text has at least one token. */
static size_t max_texts_of(const struct workers_options *options, size_t i, bool is_main)
{
    return is_main ? options->models[i].max_pass_tokens : lane_max_tokens(options, i, false);
}

enum status lane_init(struct lane *lane, const struct workers_options *options, bool is_main)
{
    size_t n_models = options->n_models;
    size_t max_texts = 0;
    enum status status = STATUS_OK;

    for (size_t i = 0; i < n_models; i++)
        max_texts = larger(max_texts, max_texts_of(options, i, is_main));
    lane->contexts = calloc(n_models, sizeof *lane->contexts);
    lane->pass.jobs = calloc(max_texts, sizeof *lane->pass.jobs);
    lane->texts = calloc(max_texts, sizeof *lane->texts);
    team_open(&lane->team);
    if (!lane->contexts || !lane->pass.jobs || !lane->texts)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n_models && !status; i++)
        if (options->models[i].encoder)
            status = encoder_context_new(options->models[i].encoder,
                                         lane_max_tokens(options, i, is_main), &lane->contexts[i]);
    return status;
}

void lane_release(struct lane *lane, size_t n_models)
{
    for (size_t i = 0; lane->contexts && i < n_models; i++)
        encoder_context_free(lane->contexts[i]);
    free(lane->contexts);
    free(lane->texts);
    free(lane->pass.jobs);
}

bool lane_add_memory(const struct workers_options *options, size_t i, size_t *len_bytes)
{
    const struct encoder *encoder = options->models[i].encoder;

    if (!encoder)
        return true;
    for (int is_main = 0; is_main < 2; is_main++)
        if (!size_add(*len_bytes,
                      encoder_context_len_bytes(encoder, lane_max_tokens(options, i, is_main)),
                      len_bytes))
            return false;
    return true;
}
