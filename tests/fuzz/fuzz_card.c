/* SPDX-License-Identifier: Apache-2.0 */

/* A hostile README.md. Whatever it says, the card is read, and what is kept is whole. */
#include "engine/model/card.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes);

enum { N_DIMS = 1024 };

static size_t total_bytes;

static void touch(const char *text)
{
    if (text)
        total_bytes += strlen(text);
}

static void touch_needed(const char *text)
{
    if (!text || !text[0])
        abort();
    touch(text);
}

static void check_results(const struct card *card)
{
    for (size_t i = 0; i < card->n_results; i++) {
        const struct card_result *result = &card->results[i];

        touch(result->task_type);
        touch(result->task_name);
        touch(result->dataset_type);
        touch(result->dataset_name);
        if (result->n_metrics == 0)
            abort();
        for (size_t j = 0; j < result->n_metrics; j++) {
            touch(result->metrics[j].type);
            touch(result->metrics[j].name);
            touch_needed(result->metrics[j].value);
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len_bytes)
{
    struct error complaint;
    struct card card;

    total_bytes = 0;
    if (card_parse(&card, (const char *)bytes, len_bytes, N_DIMS, &complaint))
        abort();
    touch(card.license);
    for (size_t i = 0; i < card.n_base_models; i++)
        touch_needed(card.base_model[i]);
    for (size_t i = 0; i < card.n_examples; i++) {
        touch_needed(card.examples[i].text);
        for (size_t j = 0; j < card.examples[i].n_sentences; j++)
            touch_needed(card.examples[i].sentences[j]);
    }
    check_results(&card);
    for (size_t i = 0; i < card.n_dims; i++)
        if (card.dims[i] < 1 || card.dims[i] > N_DIMS ||
            (i > 0 && card.dims[i] <= card.dims[i - 1]))
            abort();
    /* No text comes twice out of one: nothing is unfolded. */
    if (total_bytes > 4 * len_bytes)
        abort();
    card_release(&card);
    return 0;
}
