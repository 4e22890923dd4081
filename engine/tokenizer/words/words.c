/* SPDX-License-Identifier: Apache-2.0 */
#include "engine/tokenizer/words/words.h"

#include "engine/tokenizer/part_table.h"

static const struct part_row rows[] = {
    {"BPE", bpe_read},
    {"Unigram", unigram_read},
    {"WordLevel", word_level_read},
    {"WordPiece", wordpiece_read},
};

static const struct part_table table = {rows, sizeof rows / sizeof *rows, NULL};

void words_release(struct words *words)
{
    if (words && words->type)
        words->type->release(words);
}

enum status words_read(struct words *words, struct vocab *vocab, const struct document *model,
                       struct error *error)
{
    struct words_target target = {words, vocab};

    words->vocab = vocab;
    return part_table_read(&table, &target, model, error);
}
