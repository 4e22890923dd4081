/* SPDX-License-Identifier: Apache-2.0 */

/* encode_ids FOLDER DTYPE < ids: the pooled and normalised vectors of texts that come tokenised, a
 * line of ids each, as float32 on stdout. Without a tokenizer, so that a family's encoder can be
 * tried by itself. Each text is encoded by itself, then all of them together, by one member and
 * shared with a second: ends with 1 if that changes a bit (promise 1).
 *
 * encode_ids FOLDER DTYPE layers < ids: of each text in turn the token vectors after each layer,
 * [n_layers, n_tokens, hidden], those of the last as they leave the encoder. */
#include "engine/encoder/context.h"
#include "engine/encoder/team.h"
#include "engine/model/model.h"
#include "engine/vector/vector.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_TEXTS = 64 };

struct texts {
    struct encoder_text texts[MAX_TEXTS]; /* [n] */
    size_t n;
    size_t n_tokens;
};

struct helper {
    struct team *team;
    struct encoder_context *context;
};

static void die(const char *reason)
{
    fprintf(stderr, "encode_ids: %s\n", reason);
    exit(2);
}

static void read_texts(struct texts *texts, size_t max_tokens)
{
    char *line = NULL;
    size_t capacity = 0;

    while (texts->n < MAX_TEXTS && getline(&line, &capacity, stdin) > 0) {
        int32_t *ids = calloc(max_tokens, sizeof *ids);
        size_t n = 0;

        if (!ids)
            die("out of memory");
        for (char *word = strtok(line, " \n"); word; word = strtok(NULL, " \n")) {
            if (n == max_tokens)
                die("a text is longer than the model takes");
            ids[n++] = (int32_t)strtol(word, NULL, 10);
        }
        texts->texts[texts->n++] = (struct encoder_text){.ids = ids, .n_tokens = n};
        texts->n_tokens += n;
    }
    free(line);
}

static void *help(void *user)
{
    struct helper *helper = user;

    team_help(helper->team, helper->context);
    return NULL;
}

/* A pass of these texts, with a helper where `helper` is not NULL; their vectors. */
static void encode(const struct model *model, struct encoder_context *context,
                   struct encoder_context *helping, const struct encoder_text *texts,
                   size_t n_texts, float *vectors)
{
    struct team team = {0};
    struct helper helper = {&team, helping};
    const struct encoder_pass pass = {.texts = texts, .n_texts = n_texts, .team = &team};
    pthread_t thread;
    const float *tokens;

    team_open(&team);
    if (helping) {
        team_enter(&team);
        if (pthread_create(&thread, NULL, help, &helper))
            die("no thread");
    }
    if (encoder_run(context, &pass, &tokens))
        die("a product failed");
    for (size_t i = 0; i < n_texts; i++, vectors += model->n_dims) {
        pooling_apply(&model->pooling, tokens, texts[i].n_tokens, 0, model->arch.hidden_size,
                      vectors);
        if (model->normalize)
            vector_normalize(vectors, model->n_dims);
        tokens += texts[i].n_tokens * model->arch.hidden_size;
    }
    team_close(&team);
    if (helping)
        pthread_join(thread, NULL);
}

static void write_layers(const struct model *model, struct encoder_context *context,
                         const struct encoder_text *text)
{
    for (size_t n = 1; n <= model->arch.n_layers; n++) {
        struct team team = {0};
        const struct encoder_pass pass = {
            .texts = text, .n_texts = 1, .team = &team, .n_layers = n};
        const float *tokens;

        team_open(&team);
        if (encoder_run(context, &pass, &tokens))
            die("a product failed");
        fwrite(tokens, sizeof *tokens, text->n_tokens * model->arch.hidden_size, stdout);
    }
}

static enum encoder_dtype dtype_of(const char *name)
{
    for (enum encoder_dtype dtype = ENCODER_FLOAT32; dtype <= ENCODER_INT8; dtype++)
        if (strcmp(name, encoder_dtype_name(dtype)) == 0)
            return dtype;
    die("no such dtype");
    return ENCODER_FLOAT32;
}

static void contexts_new(const struct encoder *encoder, const struct texts *texts,
                         struct encoder_context *contexts[2])
{
    for (size_t i = 0; i < 2; i++)
        if (encoder_context_new(encoder, texts->n_tokens + 1, &contexts[i]))
            die("out of memory");
}

static void contexts_free(struct encoder_context *contexts[2])
{
    for (size_t i = 0; i < 2; i++)
        encoder_context_free(contexts[i]);
}

/* Encodes in company, alone and shared; whether the bytes are those of `expected`. */
static bool are_same(const struct model *model, struct encoder_context *contexts[2],
                     const struct texts *texts, const float *expected)
{
    size_t n_values = texts->n * model->n_dims;
    float *together = calloc(n_values, sizeof *together);
    bool same = true;

    if (!together)
        die("out of memory");
    for (size_t round = 0; round < 3 && same; round++) {
        if (round < 2)
            encode(model, contexts[0], round ? contexts[1] : NULL, texts->texts, texts->n,
                   together);
        else /* few rows and two members: step by step */
            for (size_t i = 0; i < texts->n; i++)
                encode(model, contexts[0], contexts[1], &texts->texts[i], 1,
                       together + i * model->n_dims);
        same = memcmp(expected, together, n_values * sizeof *expected) == 0;
        if (!same)
            fprintf(stderr, "encode_ids: the bytes depend on company (round %zu)\n", round);
    }
    free(together);
    return same;
}

/* The vectors, after all ways to make them were compared. */
static int write_vectors(const struct model *model, struct encoder *encoder,
                         const struct texts *texts)
{
    size_t n_values = texts->n * model->n_dims;
    float *alone = calloc(n_values, sizeof *alone);
    static const char *const ways[] = {"block", "panels", "product", "rows", "block"};
    struct encoder_context *contexts[2];
    bool same = true;

    if (!alone)
        die("out of memory");
    for (size_t i = 0; i + 1 < sizeof ways / sizeof *ways && same; i++) {
        ways_take(&encoder->ways, ways[i]);
        ways_take(&encoder->ways, ways[i + 1]);
        contexts_new(encoder, texts, contexts);
        for (size_t j = 0; j < texts->n && i == 0; j++)
            encode(model, contexts[0], NULL, &texts->texts[j], 1, alone + j * model->n_dims);
        same = are_same(model, contexts, texts, alone);
        contexts_free(contexts);
    }
    if (same)
        fwrite(alone, sizeof *alone, n_values, stdout);
    free(alone);
    return same ? 0 : 1;
}

static void write_all_layers(const struct model *model, const struct encoder *encoder,
                             const struct texts *texts)
{
    struct encoder_context *contexts[2];

    contexts_new(encoder, texts, contexts);
    for (size_t i = 0; i < texts->n; i++)
        write_layers(model, contexts[0], &texts->texts[i]);
    contexts_free(contexts);
}

int main(int argc, char **argv)
{
    struct texts texts = {.n = 0};
    struct encoder *encoder;
    struct model *model;
    struct error error = {0};
    int rc = 0;

    if (argc != 3 && (argc != 4 || strcmp(argv[3], "layers") != 0))
        die("usage: encode_ids FOLDER DTYPE [layers] < ids");
    if (model_load(&model, argv[1], NULL, &error) ||
        encoder_new(&encoder, model, dtype_of(argv[2]), ~0u, 2, &error))
        die(error.text);
    read_texts(&texts, model->max_tokens);
    if (argc == 3)
        rc = write_vectors(model, encoder, &texts);
    else
        write_all_layers(model, encoder, &texts);
    for (size_t i = 0; i < texts.n; i++)
        free((void *)(uintptr_t)texts.texts[i].ids);
    encoder_free(encoder);
    model_free(model);
    return rc;
}
