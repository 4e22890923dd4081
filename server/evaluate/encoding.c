/* SPDX-License-Identifier: Apache-2.0 */
#include "server/evaluate/encoding.h"

#include "config/options.h"
#include "server/exchange/server.h"
#include "server/text/log.h"
#include "server/text/progress.h"

#include <stdlib.h>
#include <string.h>

enum { MAX_CHUNK_TEXTS = 65536 };

enum status encoding_find_prompt(const struct embedder *embedder, const struct options *options,
                                 const char *prompt, const char *name, const char *const *defaults,
                                 struct embed_prompt *ret_prompt, struct error *error)
{
    if (prompt) {
        *ret_prompt = (struct embed_prompt){.text = {prompt, strlen(prompt)}};
        return STATUS_OK;
    }
    if (name)
        return embedder_find_prompt(embedder, name, ret_prompt, error);
    for (size_t i = 0; defaults[i] && !options->url; i++) {
        struct error unknown = {0};
        enum status status = embedder_find_prompt(embedder, defaults[i], ret_prompt, &unknown);

        if (status != STATUS_INVALID)
            return status;
    }
    return embedder_find_prompt(embedder, NULL, ret_prompt, error);
}

/* A text of nothing becomes a space, which has the same tokens: none. */
static struct embed_text *new_texts(const struct text_list *list)
{
    struct embed_text *texts = calloc(list->n_items, sizeof *texts);

    for (size_t i = 0; texts && i < list->n_items; i++) {
        texts[i].text = list->items[i].text;
        if (texts[i].text.len_bytes == 0)
            texts[i].text = (struct slice){" ", 1};
    }
    return texts;
}

static enum status check_texts(const struct text_list *list, const struct embed_text *texts,
                               size_t n_texts, const char *path, const struct error *reason,
                               struct error *error)
{
    for (size_t i = 0; i < n_texts; i++) {
        if (texts[i].status)
            return error_set(error, texts[i].status, "%s:%zu: the text cannot be encoded: %s", path,
                             list->items[i].line, reason->text);
    }
    return STATUS_OK;
}

/* In chunks, between which progress is told: enough of them in flight to keep all workers busy. */
static enum status encode_chunks(struct embedder *embedder, const struct text_list *list,
                                 struct embed_text *texts, struct embed_prompt prompt,
                                 const char *what, const char *path, float *values,
                                 struct error *error)
{
    const struct embedder_info *info = embedder_get_info(embedder);
    size_t chunk = 4 * info->batch_texts * info->n_batches;
    int64_t began_us = clock_now_us();
    struct progress progress;
    enum status status = STATUS_OK;

    chunk = chunk < 1 ? 1 : chunk > MAX_CHUNK_TEXTS ? MAX_CHUNK_TEXTS : chunk;
    progress_begin(&progress, true, began_us, 0, 0);
    for (size_t at = 0; at < list->n_items && !status; at += chunk) {
        size_t n = list->n_items - at < chunk ? list->n_items - at : chunk;
        struct error reason = {0};

        status =
            embedder_encode(embedder, texts + at, n, prompt, values + at * info->n_dims, &reason);
        if (status)
            (void)error_set(error, status, "%s", reason.text);
        else {
            struct text_list part = {.items = list->items + at, .n_items = n};

            status = check_texts(&part, texts + at, n, path, &reason, error);
            progress_show(&progress, clock_now_us(), at + n,
                          (double)(at + n) / (double)list->n_items);
        }
    }
    progress_end(&progress);
    if (!status)
        log_write(LOG_INFO, "%zu %s encoded in %.1f s", list->n_items, what,
                  (double)(clock_now_us() - began_us) * 1e-6);
    return status;
}

enum status encoding_encode(struct embedder *embedder, const struct text_list *list,
                            struct embed_prompt prompt, const char *what, const char *path,
                            struct vectors *ret_vectors, struct error *error)
{
    size_t n_dims = embedder_get_info(embedder)->n_dims;
    struct embed_text *texts = new_texts(list);
    float *values = calloc(list->n_items, n_dims * sizeof *values);
    enum status status;

    if (!texts || !values)
        status =
            error_set(error, STATUS_NO_MEMORY, "not enough memory for %zu vectors", list->n_items);
    else
        status = encode_chunks(embedder, list, texts, prompt, what, path, values, error);
    free(texts);
    if (status)
        free(values);
    else
        *ret_vectors = (struct vectors){values, list->n_items, n_dims};
    return status;
}
