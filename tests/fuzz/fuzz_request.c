/* SPDX-License-Identifier: Apache-2.0 */

/* Feeds bytes as a body to the reader of every route. It may refuse; it must not crash,
 * leak, accept what breaks the rules, or describe a fault in words that are no JSON string. */
#include "server/api/cohere.h"
#include "server/api/embed/decode.h"
#include "server/api/openai.h"
#include "server/api/rank/cohere_rerank.h"
#include "server/api/rank/jina_rerank.h"
#include "server/api/rank/tei_predict.h"
#include "server/api/rank/tei_rerank.h"
#include "server/api/rank/vllm_classify.h"
#include "server/api/rank/vllm_score.h"
#include "server/api/similarity.h"
#include "server/api/tei.h"
#include "server/api/tei_sparse.h"
#include "server/api/tei_tokens.h"
#include "server/text/buffer.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static char query_name[] = "query";
static char query_text[] = "query: ";
static const struct prompt prompts[] = {{query_name, query_text, 7}};
static const struct limits limits = {
    .max_inputs = 8,
    .max_text_tokens = 16,
    .max_request_tokens = 64,
    .max_unpooled_tokens = 32,
    .hidden_size = 24,
    .vocabulary_size = 1000,
    .n_dims = 32,
    .default_dims = 32,
    .prompts = prompts,
    .n_prompts = 1,
    .truncate = TRUNCATE_END,
    .auto_truncate = true,
    .similarity = SIMILARITY_COSINE,
};

static char label[] = "LABEL_0";
static char *labels[] = {label};

/* Of a model that embeds, or of a cross-encoder. */
static struct limits limits_of(bool judges)
{
    struct limits copy = limits;

    if (judges)
        copy.labels = (struct labels){.names = labels, .n = 1};
    return copy;
}

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* What a field that is a choice may be. */
static void check_choices(const struct fields *fields)
{
    check(fields->truncate == TRUNCATE_NONE || fields->truncate == TRUNCATE_START ||
          fields->truncate == TRUNCATE_END);
    check(fields->prompt.len_bytes == 0 || fields->prompt.bytes == query_text);
    check(similarity_name(fields->similarity) != NULL);
    check(fields->types < 1U << N_COHERE_TYPES);
    check(!fields->packed || (unsigned)fields->pack < N_PACKS);
}

static void check_place(const struct fields *fields, size_t i)
{
    size_t index;
    const char *field = fields_locate(fields, i, &index);

    check(field && field[0] && index < limits.max_inputs);
}

static void check_fields(const struct fields *fields)
{
    check_choices(fields);
    check(fields->n_inputs >= 1 && fields->n_inputs <= 2 * limits.max_inputs);
    check(fields->n_rows >= 1 && fields->n_rows <= fields->n_inputs);
    check(fields->n_dims >= 1 && fields->n_dims <= limits.n_dims);
    check(fields->max_tokens >= 3 && fields->max_tokens <= limits.max_text_tokens);
    check(fields->max_request_tokens <= limits.max_request_tokens);
    check(fields->pooled || (fields->n_dims == limits.hidden_size &&
                             fields->max_request_tokens == limits.max_unpooled_tokens));
    for (size_t i = 0; i < fields->n_inputs; i++) {
        const struct input *input = &fields->inputs[i];
        volatile char last;

        check_place(fields, i);
        if (input->text.bytes) {
            check(input->text.len_bytes > 0);
            last = input->text.bytes[input->text.len_bytes - 1];
            (void)last;
            continue;
        }
        check(input->n_ids > 0);
        for (size_t j = 0; j < input->n_ids; j++)
            check(input->ids[j] >= 0 && (size_t)input->ids[j] < limits.vocabulary_size);
    }
}

/* As a reply holds it: it must be a JSON string, and so UTF-8. */
static void check_words(const char *words)
{
    struct buffer buffer = {0};
    json_t *json;

    buffer_append_json_string(&buffer, words, strlen(words));
    json = json_loadb(buffer.bytes, buffer.len_bytes, JSON_DECODE_ANY, NULL);
    check(json_is_string(json));
    json_decref(json);
    buffer_release(&buffer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len_bytes)
{
    enum { N_EMBEDDING = 11 };
    static bool (*const readers[])(struct decoding *, const struct body_object *) = {
        openai_read_embeddings, cohere_read_embed,  cohere_read_embed_v1,  similarity_read,
        tei_similarity_read,    tei_read_tokenize,  tei_read_decode,       tei_read_embed,
        tei_read_embed_all,     tei_read_inputs,    tei_read_embed_sparse, tei_rerank_read,
        jina_rerank_read,       cohere_rerank_read, tei_predict_read,      vllm_score_read,
        vllm_classify_read,
    };
    const struct slice body = {(const char *)data, len_bytes};

    for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
        struct limits judged = limits_of(i >= N_EMBEDDING);
        struct fields fields;
        struct api_error error;

        judged.is_sparse = readers[i] == tei_read_embed_sparse;
        if (decode_body(body, &judged, NULL, readers[i], &fields, &error)) {
            check(readers[i] != cohere_read_embed || fields.types != 0);
            check_fields(&fields);
            fields_release(&fields);
        } else {
            check(error.problem < N_PROBLEMS);
            check_words(error.message);
            check_words(error.param);
        }
    }
    return 0;
}
