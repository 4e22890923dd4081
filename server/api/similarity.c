/* SPDX-License-Identifier: Apache-2.0 */

/* Both lists of a request are one job group, so they are admitted, encoded and counted together; a
 * list that is compared with itself is encoded once.
 *
 * Truncated inputs are reported only in the header x-truncated-inputs. */
#include "server/api/similarity.h"

#include "server/api/embed/embed_work.h"
#include "server/api/embed/inputs.h"
#include "server/api/embed/vector_json.h"
#include "server/api/tei.h"
#include "server/exchange/request.h"
#include "server/exchange/respond.h"
#include "server/exchange/server.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct scores {
    float *values; /* [n_rows, n_columns] */
    size_t n_rows;
    size_t n_columns;
};

/* For both routes: TEI's writes only one row. */
static struct finish_bytes count_bytes(const struct request *request, const struct embed_work *work)
{
    enum { AROUND = 256 };
    const char *model = served_model_name(request->model);
    size_t n_rows = work->fields.n_rows;
    size_t n_columns = work->fields.n_inputs - n_rows;

    if (n_columns == 0)
        n_columns = n_rows;
    return (struct finish_bytes){
        .reply = AROUND + buffer_json_string_length(model, strlen(model)) +
                 n_rows * (1 + vector_json_floats_max_bytes(n_columns)),
        .work = n_rows * n_columns * sizeof(float), /* fits: both are bounded */
    };
}

bool similarity_read(struct decoding *decoding, const struct body_object *root)
{
    return decode_refuse_foreign(decoding, root) && decode_model(decoding, root) &&
           decode_texts(decoding, body_get(root, "input"), "input", body_get(root, "compare_with"),
                        "compare_with") &&
           decode_dimensions(decoding, root) && decode_similarity_name(decoding, root) &&
           decode_truncate(decoding, root) && decode_prompt(decoding, root);
}

enum route_outcome similarity_start(struct request *request)
{
    static const struct embed_route route = {
        .read = similarity_read,
        .count_bytes = count_bytes,
    };

    return embed_work_start(request, &route);
}

/* TEI always takes the cosine; "similarity" and "dimensions" in the parameters are ours. */
bool tei_similarity_read(struct decoding *decoding, const struct body_object *root)
{
    struct body_object inputs;
    struct body_object parameters;
    const json_t *source;
    const json_t *sentences;

    if (!body_get_object(root, "inputs", &inputs, decoding->error) ||
        !body_get_object(root, "parameters", &parameters, decoding->error))
        return false;
    if (!inputs.members)
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "inputs",
                             "'inputs' is missing: it must be an object with 'source_sentence' and "
                             "'sentences'");
    source = body_get(&inputs, "source_sentence");
    sentences = body_get(&inputs, "sentences");
    if (!json_is_string(source))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "inputs.source_sentence",
                             "'inputs.source_sentence' must be a text, but is %s",
                             source ? body_type_name(source) : "missing");
    if (!json_is_array(sentences))
        return api_error_set(decoding->error, PROBLEM_BAD_REQUEST, "inputs.sentences",
                             "'inputs.sentences' must be a list of texts, but is %s",
                             sentences ? body_type_name(sentences) : "missing");
    decoding->fields.similarity = SIMILARITY_COSINE;
    return decode_refuse_foreign(decoding, &parameters) &&
           decode_texts(decoding, source, "inputs.source_sentence", sentences,
                        "inputs.sentences") &&
           decode_dimensions(decoding, &parameters) &&
           decode_similarity_name(decoding, &parameters) &&
           decode_truncate(decoding, &parameters) &&
           tei_decode_truncation_direction(decoding, &parameters) &&
           decode_prompt(decoding, &parameters);
}

enum route_outcome tei_similarity_start(struct request *request)
{
    static const struct embed_route route = {
        .read = tei_similarity_read,
        .count_bytes = count_bytes,
        .begin_reply = tei_count_characters,
    };

    return embed_work_start(request, &route);
}

static bool is_finite(const struct scores *scores)
{
    for (size_t i = 0; i < scores->n_rows * scores->n_columns; i++) {
        if (!isfinite(scores->values[i]))
            return false;
    }
    return true;
}

/* A dot product or a distance of finite vectors can still be too large for a float32. */
static enum status compute_scores(const struct embed_work *work, struct scores *ret_scores)
{
    const struct fields *fields = &work->fields;
    bool with_itself = fields->n_rows == fields->n_inputs;
    size_t first_column = with_itself ? 0 : fields->n_rows;
    struct scores scores = {
        .n_rows = fields->n_rows,
        .n_columns = fields->n_inputs - first_column,
    };
    enum status status = STATUS_NO_MEMORY;

    if (scores.n_columns <= SIZE_MAX / sizeof(*scores.values))
        scores.values = calloc(scores.n_rows, scores.n_columns * sizeof(*scores.values));
    if (scores.values)
        status = similarity_matrix(fields->similarity, embed_work_get_vector(work, 0),
                                   scores.n_rows, embed_work_get_vector(work, first_column),
                                   scores.n_columns, fields->n_dims, scores.values);
    if (!status && !is_finite(&scores))
        status = STATUS_NOT_FINITE;
    if (status) {
        free(scores.values);
        return status;
    }
    *ret_scores = scores;
    return STATUS_OK;
}

/* The vectors' scores; false if the request was answered. */
static bool finish(struct request *request, const struct embed_work **ret_embedding,
                   struct scores *ret_scores)
{
    const struct embed_work *work = embed_work_finish(request);
    enum status status;

    if (!work)
        return false;
    status = compute_scores(work, ret_scores);
    if (status == STATUS_NOT_FINITE)
        respond_problem(request, PROBLEM_VECTOR_NOT_FINITE, NULL,
                        "A score is not finite: the vectors are too large for this similarity");
    else if (status)
        respond_status(request, status);
    *ret_embedding = work;
    return status == STATUS_OK;
}

void similarity_finish(struct request *request)
{
    struct buffer *buffer = &request->reply.body;
    const char *model = served_model_name(request->model);
    const struct embed_work *work;
    struct scores scores;

    if (!finish(request, &work, &scores))
        return;
    respond_json(request);
    buffer_append_string(buffer, "{\"object\":\"similarity\",\"model\":");
    buffer_append_json_string(buffer, model, strlen(model));
    buffer_appendf(buffer, ",\"similarity\":\"%s\",\"dimensions\":%zu,\"scores\":[",
                   similarity_name(work->fields.similarity), work->fields.n_dims);
    for (size_t i = 0; i < scores.n_rows; i++) {
        if (i > 0)
            buffer_append_string(buffer, ",");
        vector_json_floats(buffer, scores.values + i * scores.n_columns, scores.n_columns);
    }
    buffer_append_string(buffer, "],\"usage\":");
    embed_work_write_usage(work, buffer);
    buffer_append_string(buffer, "}");
    free(scores.values);
}

void tei_similarity_finish(struct request *request)
{
    const struct embed_work *work;
    struct scores scores;

    if (!finish(request, &work, &scores))
        return;
    respond_json(request);
    vector_json_floats(&request->reply.body, scores.values, scores.n_columns);
    free(scores.values);
}
