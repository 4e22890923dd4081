/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/rank/tei_root.h"

#include "server/api/embed/choose.h"
#include "server/api/embed/limits.h"
#include "server/api/rank/tei_predict.h"
#include "server/api/rank/tei_rerank.h"
#include "server/api/tei.h"
#include "server/api/tei_sparse.h"
#include "server/exchange/request.h"
#include "server/exchange/server.h"

enum route_outcome tei_root_start(struct request *request)
{
    size_t n_labels;

    if (!choose_model(request, CHOOSE_ANY))
        return ROUTE_ANSWERED;
    n_labels = request->model->limits->labels.n;
    if (request->model->limits->is_sparse)
        return tei_embed_sparse_start(request);
    if (n_labels == 0)
        return tei_embed_start(request);
    return n_labels == 1 ? tei_rerank_start(request) : tei_predict_start(request);
}

void tei_root_finish(struct request *request)
{
    size_t n_labels = request->model->limits->labels.n;

    if (request->model->limits->is_sparse)
        tei_embed_sparse_finish(request);
    else if (n_labels == 0)
        tei_embed_finish(request);
    else if (n_labels == 1)
        tei_rerank_finish(request);
    else
        tei_predict_finish(request);
}
