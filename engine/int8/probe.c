/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/int8/probe.h"

#include "engine/base/memory.h"

#include <stdlib.h>
#include <string.h>

/* Sentences as they come: of 4 to 20 words, statements, questions, commands, headlines, search
 * words, figures, another language. Very short ones among them, since they lose the most to a
 * coarse number format. */
static const char *const texts[] = {
    "A man is playing a guitar.",
    "The cat is asleep.",
    "how do i reset my password",
    "The committee will meet again on Tuesday to discuss next year's budget.",
    "Two dogs run through the snow.",
    "Interest rates rose by 0.25% in March 2019, the third increase in a row.",
    "What is the capital of France?",
    "She said: \"I don't know,\" and closed the door.",
    "A child watches.",
    "Patients who were given the drug had fewer strokes than those who were not.",
    "I agree with you.",
    "A woman slices onions in a kitchen.",
    "The river has risen by two metres since Friday; several villages are cut off.",
    "Error 404: page not found",
    "O gato dorme ao sol.",
    "Police arrest five after protest",
    "Photosynthesis turns light, water and carbon dioxide into sugar and oxygen.",
    "Do not do it.",
    "Sales of the company's older products fell sharply in the second quarter.",
    "It was a good idea.",
};

enum { N_TEXTS = sizeof texts / sizeof *texts };

enum status probe_init(struct probe *ret_probe, const struct tokenizer *tokenizer,
                       size_t max_tokens)
{
    const struct tokenize_options options = {
        .truncate = TRUNCATE_END, .max_tokens = max_tokens, .add_special = true};
    size_t ends[N_TEXTS];
    enum status status = STATUS_OK;

    *ret_probe = (struct probe){.texts = calloc(N_TEXTS, sizeof *ret_probe->texts)};
    if (!ret_probe->texts)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < N_TEXTS && !status; i++) {
        struct tokenize_result result;

        status = tokenizer_encode(tokenizer, texts[i], strlen(texts[i]), &options,
                                  &ret_probe->tokens, &result);
        ends[i] = ret_probe->tokens.n_tokens;
    }
    if (status)
        return status;
    /* Only now, since the ids move as their memory grows. Without special tokens nothing is left of
     * a text whose characters the vocabulary has not: there is nothing to encode. */
    for (size_t i = 0; i < N_TEXTS; i++) {
        size_t begin = i > 0 ? ends[i - 1] : 0;

        if (ends[i] > begin)
            ret_probe->texts[ret_probe->n_texts++] = (struct encoder_text){
                .ids = ret_probe->tokens.ids + begin, .n_tokens = ends[i] - begin};
    }
    return STATUS_OK;
}

void probe_release(struct probe *probe)
{
    tokens_release(&probe->tokens);
    free(probe->texts);
    *probe = (struct probe){0};
}
