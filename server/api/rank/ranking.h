/* SPDX-License-Identifier: Apache-2.0 */

/* Documents by their scores, the best first, for the replies of the rerank routes. */
#ifndef NESTD_SERVER_API_RANK_RANKING_H
#define NESTD_SERVER_API_RANK_RANKING_H

#include "server/api/embed/embed_work.h"

#include <stddef.h>

struct buffer;
struct request;

struct ranked {
    float score;
    size_t index; /* of the document in the request, or of the label */
};

/* The best first, of equal ones that with the smaller index. */
void ranking_sort(struct ranked *items, size_t n);

struct ranking {
    const struct embed_work *work; /* borrowed */
    struct ranked *items;          /* [n], owned: the best first, of equal ones the earlier */
    size_t n;                      /* at most the request's top_n */
};

/* After the group is done: the scores, activated as the request says. False: the request was
 * answered. */
bool ranking_init(struct ranking *ranking, struct request *request);
void ranking_release(struct ranking *ranking);

/* An embed_route's count_bytes. */
struct finish_bytes ranking_count_bytes(const struct request *request,
                                        const struct embed_work *work);

/* [{"index":1,"relevance_score":0.5,"document":{"text":"..."}}], as Jina and Cohere have it;
 * documents where the request asks for them. */
void ranking_write_results(const struct ranking *ranking, struct buffer *buffer);

/* An input's scores of all labels, activated as the request says; those of an embed_work_finish. */
float *ranking_activate(const struct embed_work *work, size_t i_input);

/* 0.5 */
void ranking_write_score(struct buffer *buffer, float score);

#endif
