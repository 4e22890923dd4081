/* SPDX-License-Identifier: Apache-2.0 */

/* Documents are scored in blocks that stay in a core's cache while a block of queries goes over
 * them. */
#include "server/evaluate/formats.h"

#include <stdlib.h>

enum { QUERY_BLOCK = 64, DOCUMENT_BLOCK = 256 };

static size_t min_size(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* A query's hits, kept in their place in the result until they are sorted. */
static struct top *new_tops(size_t n_queries, size_t depth, struct hit *hits)
{
    struct top *tops = calloc(n_queries, sizeof *tops);

    for (size_t i = 0; tops && i < n_queries; i++)
        tops[i] = (struct top){.hits = hits + i * depth, .max_hits = depth};
    return tops;
}

static void sort_and_free(struct top *tops, size_t n_queries)
{
    for (size_t i = 0; i < n_queries; i++)
        top_sort(&tops[i]);
    free(tops);
}

/* Of the queries from i_query on and the documents from i_document on. */
static enum status rank_block(const struct vectors *queries, size_t i_query,
                              const struct vectors *documents, size_t i_document,
                              enum similarity similarity, struct top *tops, float *scores)
{
    size_t n_queries = min_size(QUERY_BLOCK, queries->n - i_query);
    size_t n_documents = min_size(DOCUMENT_BLOCK, documents->n - i_document);
    enum status status = similarity_matrix(
        similarity, queries->values + i_query * queries->n_dims, n_queries,
        documents->values + i_document * documents->n_dims, n_documents, queries->n_dims, scores);

    for (size_t q = 0; q < n_queries && !status; q++) {
        for (size_t d = 0; d < n_documents; d++)
            top_offer(&tops[i_query + q], scores[q * n_documents + d], (uint32_t)(i_document + d));
    }
    return status;
}

static enum status rank_floats(const struct vectors *queries, const struct vectors *documents,
                               enum similarity similarity, struct top *tops)
{
    float *scores = calloc(QUERY_BLOCK * DOCUMENT_BLOCK, sizeof *scores);
    enum status status = scores ? STATUS_OK : STATUS_NO_MEMORY;

    for (size_t d = 0; d < documents->n && !status; d += DOCUMENT_BLOCK) {
        for (size_t q = 0; q < queries->n && !status; q += QUERY_BLOCK)
            status = rank_block(queries, q, documents, d, similarity, tops, scores);
    }
    free(scores);
    return status;
}

static enum status rank_rounded(const struct vectors *queries, const struct vectors *documents,
                                enum similarity similarity, struct top *tops)
{
    struct vectors rounded_queries = {0};
    struct vectors rounded_documents = {0};
    enum status status = format_round(queries, &rounded_queries);

    if (!status)
        status = format_round(documents, &rounded_documents);
    if (!status)
        status = rank_floats(&rounded_queries, &rounded_documents, similarity, tops);
    free(rounded_queries.values);
    free(rounded_documents.values);
    return status;
}

static int count_different(const uint64_t *a, const uint64_t *b, size_t n_words)
{
    int n = 0;

    for (size_t i = 0; i < n_words; i++)
        n += __builtin_popcountll(a[i] ^ b[i]);
    return n;
}

static enum status rank_bits(const struct vectors *queries, const struct vectors *documents,
                             struct top *tops)
{
    uint64_t *query_words = NULL;
    uint64_t *document_words = NULL;
    size_t n_words;
    enum status status = format_pack(queries, &query_words, &n_words);

    if (!status)
        status = format_pack(documents, &document_words, &n_words);
    for (size_t q = 0; q < queries->n && !status; q++) {
        const uint64_t *query = query_words + q * n_words;

        for (size_t d = 0; d < documents->n; d++)
            top_offer(&tops[q],
                      (float)-count_different(query, document_words + d * n_words, n_words),
                      (uint32_t)d);
    }
    free(query_words);
    free(document_words);
    return status;
}

static enum status rank_rescored(const struct vectors *queries, const struct vectors *documents,
                                 size_t depth, struct top *tops)
{
    size_t n_dims = queries->n_dims;
    size_t n_candidates = min_size(SCORING_RESCORE * depth, documents->n);
    struct hit *candidates = calloc(queries->n, n_candidates * sizeof *candidates);
    struct top *near = candidates ? new_tops(queries->n, n_candidates, candidates) : NULL;
    struct vectors signs = {0};
    enum status status = near ? rank_bits(queries, documents, near) : STATUS_NO_MEMORY;

    if (!status)
        status = format_sign(documents, &signs);
    for (size_t q = 0; q < queries->n && !status; q++) {
        const float *query = queries->values + q * n_dims;

        for (size_t i = 0; i < near[q].n_hits; i++) {
            uint32_t number = near[q].hits[i].number;

            top_offer(&tops[q], (float)vector_dot(query, signs.values + number * n_dims, n_dims),
                      number);
        }
    }
    free(signs.values);
    free(near);
    free(candidates);
    return status;
}

enum status scoring_rank(const struct vectors *queries, const struct vectors *documents,
                         enum vector_format format, enum similarity similarity, size_t depth,
                         struct hit *ret_hits)
{
    struct top *tops = new_tops(queries->n, depth, ret_hits);
    enum status status = STATUS_NO_MEMORY;

    if (!tops)
        return status;
    switch (format) {
    case FORMAT_FLOAT32:
        status = rank_floats(queries, documents, similarity, tops);
        break;
    case FORMAT_INT8:
        status = rank_rounded(queries, documents, similarity, tops);
        break;
    case FORMAT_BINARY:
        status = rank_bits(queries, documents, tops);
        break;
    default:
        status = rank_rescored(queries, documents, depth, tops);
    }
    sort_and_free(tops, queries->n);
    return status;
}

static void compare(const struct vectors *left, const struct vectors *right,
                    enum similarity similarity, double *ret_scores)
{
    for (size_t i = 0; i < left->n; i++)
        ret_scores[i] = (double)similarity_score(similarity, left->values + i * left->n_dims,
                                                 right->values + i * left->n_dims, left->n_dims);
}

enum status scoring_compare(const struct vectors *left, const struct vectors *right,
                            enum vector_format format, enum similarity similarity,
                            double *ret_scores)
{
    enum status (*make)(const struct vectors *, struct vectors *) =
        format == FORMAT_INT8 ? format_round : format_sign;
    struct vectors made_left = {0};
    struct vectors made_right = {0};
    enum status status;

    if (format == FORMAT_FLOAT32) {
        compare(left, right, similarity, ret_scores);
        return STATUS_OK;
    }
    status = make(left, &made_left);
    if (!status)
        status = make(right, &made_right);
    if (!status)
        compare(&made_left, &made_right, similarity, ret_scores);
    free(made_left.values);
    free(made_right.values);
    return status;
}
