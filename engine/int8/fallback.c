/* SPDX-License-Identifier: Apache-2.0 */

/* Uses int8 for every product that tolerates it. Trained BERT models have a few channels with huge
 * values, after GELU above all, and a row's one scale then leaves little for the rest; what that
 * costs is known only by measuring (accuracy.h).
 *
 * While the probe texts' vectors are further from float32's than the limits, the products most to
 * blame for that (attribution.h), for the time that they take, go back to a finer format. The
 * deviations of single products add up (on all-MiniLM-L6-v2 to 99 % of the whole), so their shares
 * foretell how many it takes; what counts is the measurement after it.
 *
 * For their time, because of models with no outliers and many layers, each of which is a little to
 * blame: of sixteen random ones, 10 % of the work then falls back instead of 22 %. */
#include "engine/encoder/encoder.h"

#include "engine/base/memory.h"
#include "engine/encoder/context.h"
#include "engine/int8/accuracy.h"
#include "engine/int8/attribution.h"
#include "engine/model/model.h"

#include <stdlib.h>

/* Cosine to float32 at least 0.998 in the mean and 0.99 for each text: what the project demands of
 * int8 on the STS benchmark. The probe texts are a little harder than its sentences: a mean of
 * 0.0017 for all-MiniLM-L6-v2, and 0.0014 there. */
#define MAX_MEAN_DEVIATION 0.002
#define MAX_DEVIATION      0.01

static bool is_within(struct deviation deviation)
{
    return deviation.mean <= MAX_MEAN_DEVIATION && deviation.max <= MAX_DEVIATION;
}

/* Where bfloat16 is slower than float32, it is no format to fall back to. */
static enum gemm_format finer_format(const struct encoder *encoder)
{
    return encoder->kernels.multiplies_bfloat16 ? GEMM_BFLOAT16 : GEMM_FLOAT32;
}

/* The product in int8 that has the largest share for its work; false if none has any. */
static bool find_worst(const struct encoder *encoder, double (*shares)[N_LAYER_PRODUCTS],
                       size_t *ret_layer, enum layer_product *ret_product)
{
    double max = 0; /* of a share over the multiplications for a token */

    for (size_t i = 0; i < encoder->model->arch.n_layers; i++)
        for (enum layer_product j = 0; j < N_LAYER_PRODUCTS; j++) {
            const struct gemm_weights *weights = encoder->layers[i].products[j].weights;
            double worth = shares[i][j] / ((double)weights->n_out * (double)weights->n_in);

            if (weights->format != GEMM_INT8 || worth <= max)
                continue;
            max = worth;
            *ret_layer = i;
            *ret_product = j;
        }
    return max > 0;
}

/* Repacks the worst products until `left`, what should then remain of the mean deviation, is small
 * enough: one at least, but for want of any that would help. *ret_n: how many. */
static enum status repack_worst(struct encoder *encoder, double (*shares)[N_LAYER_PRODUCTS],
                                double whole, double *left, size_t *ret_n, struct error *error)
{
    enum layer_product product;
    enum status status = STATUS_OK;
    size_t layer;

    *ret_n = 0;
    while (!status && (*ret_n == 0 || *left > MAX_MEAN_DEVIATION) &&
           find_worst(encoder, shares, &layer, &product)) {
        status =
            layer_repack(&encoder->layers[layer], product, encoder->gemm, finer_format(encoder),
                         &encoder->kernels, &encoder->model->layers[layer], error);
        *left -= shares[layer][product] * whole;
        ++*ret_n;
    }
    return status;
}

static enum status fall_back(struct encoder *encoder, const struct accuracy *accuracy,
                             struct deviation *deviation, struct error *error)
{
    AUTO_FREE double(*shares)[N_LAYER_PRODUCTS] =
        calloc(encoder->model->arch.n_layers, sizeof *shares);
    enum status status = shares ? attribution_measure(encoder, accuracy->texts, accuracy->n_texts,
                                                      accuracy->n_threads, shares)
                                : STATUS_NO_MEMORY;
    const double whole = deviation->mean;
    double left = whole;
    size_t n = 1;

    while (!status && n > 0 && !is_within(*deviation)) {
        status = repack_worst(encoder, shares, whole, &left, &n, error);
        if (!status && n > 0)
            status = accuracy_measure(accuracy, deviation);
    }
    return status;
}

/* Notes what is no longer int8, in the order of the layers. */
static enum status list_fallbacks(const struct encoder *encoder, struct accuracy_report *report)
{
    size_t n_layers = encoder->model->arch.n_layers;

    report->fallbacks = calloc(n_layers * N_LAYER_PRODUCTS, sizeof *report->fallbacks);
    if (!report->fallbacks)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n_layers; i++)
        for (enum layer_product j = 0; j < N_LAYER_PRODUCTS; j++)
            if (encoder->layers[i].products[j].weights->format != GEMM_INT8)
                report->fallbacks[report->n_fallbacks++] =
                    (struct fallback){i, layer_product_name(j)};
    return STATUS_OK;
}

static enum status measure_and_fall_back(struct encoder *encoder, struct accuracy *accuracy,
                                         struct error *error)
{
    struct accuracy_report *report = &encoder->accuracy;
    struct deviation deviation;
    enum status status = accuracy_measure(accuracy, &deviation);

    if (status)
        return status;
    report->n_texts = accuracy->n_texts;
    report->int8_mean_cosine = 1 - deviation.mean;
    report->int8_min_cosine = 1 - deviation.max;
    if (!is_within(deviation))
        status = fall_back(encoder, accuracy, &deviation, error);
    report->mean_cosine = 1 - deviation.mean;
    report->min_cosine = 1 - deviation.max;
    report->is_within = is_within(deviation);
    report->fallback_dtype = encoder_dtype_name(
        finer_format(encoder) == GEMM_BFLOAT16 ? ENCODER_BFLOAT16 : ENCODER_FLOAT32);
    return status ? status : list_fallbacks(encoder, report);
}

enum status encoder_fall_back(struct encoder *encoder, const struct encoder_text *texts,
                              size_t n_texts, size_t n_threads, struct error *error)
{
    struct accuracy accuracy;
    enum status status;

    if (encoder->dtype != ENCODER_INT8)
        return STATUS_OK;
    status = accuracy_init(&accuracy, encoder, texts, n_texts, n_threads);
    if (!status)
        status = measure_and_fall_back(encoder, &accuracy, error);
    accuracy_release(&accuracy);
    for (size_t i = 0; i < encoder->model->arch.n_layers; i++)
        layer_forget_stored(&encoder->model->layers[i]);
    return status
               ? error_set(error, status, "out of memory while measuring what int8 costs the model")
               : STATUS_OK;
}

const struct accuracy_report *encoder_get_accuracy(const struct encoder *encoder)
{
    return &encoder->accuracy;
}
