/* SPDX-License-Identifier: Apache-2.0 */

/* Both lists of a request are one job group, so they are admitted, encoded and counted together; a
 * list that is compared with itself is encoded once and its scores are computed once: scores[i][j]
 * and scores[j][i] are the same products added in the same order.
 *
 * Inputs that were cut are told by the header x-truncated-inputs alone. */
#include "server/similarity.h"

#include "server/embedding.h"
#include "server/encode.h"
#include "server/request.h"
#include "server/respond.h"
#include "server/server.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct scores {
    float *values; /* [n_rows, n_columns] */
    size_t n_rows;
    size_t n_columns;
};

void similarity_start(struct request *request)
{
    embedding_start(request, decode_similarity);
}

void tei_similarity_start(struct request *request)
{
    embedding_start(request, decode_tei_similarity);
}

static float compute_score(const struct embedding *embedding, size_t i_row, size_t i_column)
{
    const struct fields *fields = &embedding->fields;
    bool with_itself = fields->n_rows == fields->n_inputs;
    size_t i_other = with_itself ? i_column : fields->n_rows + i_column;

    return similarity_score(fields->similarity, embedding_get_vector(embedding, i_row),
                            embedding_get_vector(embedding, i_other), fields->n_dims);
}

/* A dot product or a distance of finite vectors can still be too large for a float32. */
static enum status compute_scores(const struct embedding *embedding, struct scores *ret_scores)
{
    const struct fields *fields = &embedding->fields;
    bool with_itself = fields->n_rows == fields->n_inputs;
    size_t n_rows = fields->n_rows;
    size_t n_columns = with_itself ? n_rows : fields->n_inputs - n_rows;
    float *values = NULL;

    if (n_columns <= SIZE_MAX / sizeof(*values))
        values = calloc(n_rows, n_columns * sizeof(*values));
    if (!values)
        return STATUS_NO_MEMORY;
    for (size_t i = 0; i < n_rows; i++) {
        for (size_t j = 0; j < n_columns; j++) {
            float *score = &values[i * n_columns + j];

            *score =
                with_itself && j < i ? values[j * n_columns + i] : compute_score(embedding, i, j);
            if (!isfinite(*score)) {
                free(values);
                return STATUS_NOT_FINITE;
            }
        }
    }
    *ret_scores = (struct scores){values, n_rows, n_columns};
    return STATUS_OK;
}

/* The vectors' scores; false if the request was answered. */
static bool finish(struct request *request, const struct embedding **ret_embedding,
                   struct scores *ret_scores)
{
    const struct embedding *embedding = embedding_finish(request);
    enum status status;

    if (!embedding)
        return false;
    status = compute_scores(embedding, ret_scores);
    if (status == STATUS_NOT_FINITE)
        respond_problem(request, PROBLEM_VECTOR_NOT_FINITE, NULL,
                        "A score is not finite: the vectors are too large for this similarity");
    else if (status)
        respond_status(request, status);
    *ret_embedding = embedding;
    return status == STATUS_OK;
}

void similarity_finish(struct request *request)
{
    struct text *text = &request->reply.body;
    const char *model = server_model_name(request->server);
    const struct embedding *embedding;
    struct scores scores;

    if (!finish(request, &embedding, &scores))
        return;
    respond_json(request);
    text_append_string(text, "{\"object\":\"similarity\",\"model\":");
    text_append_json_string(text, model, strlen(model));
    text_appendf(text, ",\"similarity\":\"%s\",\"dimensions\":%zu,\"scores\":[",
                 similarity_name(embedding->fields.similarity), embedding->fields.n_dims);
    for (size_t i = 0; i < scores.n_rows; i++) {
        if (i > 0)
            text_append_string(text, ",");
        encode_floats(text, scores.values + i * scores.n_columns, scores.n_columns);
    }
    text_append_string(text, "],\"usage\":");
    embedding_write_usage(embedding, text);
    text_append_string(text, "}");
    free(scores.values);
}

void tei_similarity_finish(struct request *request)
{
    const struct embedding *embedding;
    struct scores scores;

    if (!finish(request, &embedding, &scores))
        return;
    respond_json(request);
    encode_floats(&request->reply.body, scores.values, scores.n_columns);
    free(scores.values);
}
