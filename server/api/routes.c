/* SPDX-License-Identifier: Apache-2.0 */
#include "server/api/routes.h"

#include "server/api/cohere.h"
#include "server/api/health.h"
#include "server/api/local/llama.h"
#include "server/api/local/ollama.h"
#include "server/api/openai.h"
#include "server/api/openapi.h"
#include "server/api/pages.h"
#include "server/api/rank/cohere_rerank.h"
#include "server/api/rank/jina_rerank.h"
#include "server/api/rank/tei_predict.h"
#include "server/api/rank/tei_rerank.h"
#include "server/api/rank/tei_root.h"
#include "server/api/rank/vllm_classify.h"
#include "server/api/rank/vllm_score.h"
#include "server/api/similarity.h"
#include "server/api/tei.h"
#include "server/api/tei_info.h"
#include "server/api/tei_sparse.h"
#include "server/api/tei_tokens.h"
#include "server/api/tei_vertex.h"
#include "server/exchange/route_family.h"

#define OPENAI &openai_family
#define COHERE &cohere_family
#define TEI    &tei_family
#define OLLAMA &ollama_family
#define LLAMA  &llama_family
#define GET    METHOD_GET
#define POST   METHOD_POST

/* clang-format off */
static const struct route rows[] = {
    /* path             method family  model  key    probe  start                         finish */
    {"/v1/embeddings",  POST,  OPENAI, true,  true,  false, openai_embeddings_start,      openai_embeddings_finish},
    {"/embeddings",     POST,  OPENAI, true,  true,  false, openai_embeddings_start,      openai_embeddings_finish},
    {"/v2/embed",       POST,  COHERE, true,  true,  false, cohere_embed_start,           cohere_embed_finish},
    {"/v1/embed",       POST,  COHERE, true,  true,  false, cohere_embed_v1_start,        cohere_embed_v1_finish},
    {"/openai/v1/embeddings", POST, OPENAI, true, true, false, openai_embeddings_start,  openai_embeddings_finish},
    {"/openai/deployments/",  POST, OPENAI, true, true, false, openai_deployment_start,  openai_embeddings_finish},
    {"/api/embed",      POST,  OLLAMA, true,  true,  false, ollama_embed_start,           ollama_embed_finish},
    {"/api/embeddings", POST,  OLLAMA, true,  true,  false, ollama_embeddings_start,      ollama_embeddings_finish},
    {"/api/show",       POST,  OLLAMA, true,  true,  false, ollama_show_model,            NULL},
    {"/api/tags",       GET,   OLLAMA, true,  true,  false, ollama_list_models,           NULL},
    {"/api/ps",         GET,   OLLAMA, true,  true,  false, ollama_list_running,          NULL},
    {"/api/version",    GET,   OLLAMA, false, true,  false, ollama_get_version,           NULL},
    {"/embedding",      POST,  LLAMA,  true,  true,  false, llama_embedding_start,        llama_embedding_finish},
    {"/models",         GET,   OPENAI, true,  true,  false, openai_list_models,           NULL},
    {"/v1/models",      GET,   OPENAI, true,  true,  false, openai_list_models,           NULL},
    {"/v1/models/",     GET,   OPENAI, true,  true,  false, openai_get_model,             NULL},
    {"/v1/similarity",  POST,  OPENAI, true,  true,  false, similarity_start,             similarity_finish},
    {"/v1/rerank",      POST,  OPENAI, true,  true,  false, jina_rerank_start,            jina_rerank_finish},
    {"/v2/rerank",      POST,  COHERE, true,  true,  false, cohere_rerank_start,          cohere_rerank_finish},
    {"/v1/score",       POST,  OPENAI, true,  true,  false, vllm_score_start,             vllm_score_finish},
    {"/v1/classify",    POST,  OPENAI, true,  true,  false, vllm_classify_start,          vllm_classify_finish},
    {"/score",          POST,  OPENAI, true,  true,  false, vllm_score_start,             vllm_score_finish},
    {"/classify",       POST,  OPENAI, true,  true,  false, vllm_classify_start,          vllm_classify_finish},
    {"/similarity",     POST,  TEI,    true,  true,  false, tei_similarity_start,         tei_similarity_finish},
    {"/rerank",         POST,  TEI,    true,  true,  false, tei_rerank_start,             tei_rerank_finish},
    {"/predict",        POST,  TEI,    true,  true,  false, tei_predict_start,            tei_predict_finish},
    {"/embed",          POST,  TEI,    true,  true,  false, tei_embed_start,              tei_embed_finish},
    {"/",               POST,  TEI,    true,  true,  false, tei_root_start,               tei_root_finish},
    {"/invocations",    POST,  TEI,    true,  true,  false, tei_root_start,               tei_root_finish},
    {"/vertex",         POST,  TEI,    true,  true,  false, tei_vertex_start,             tei_vertex_finish},
    {"/embed_all",      POST,  TEI,    true,  true,  false, tei_embed_all_start,          tei_embed_all_finish},
    {"/embed_sparse",   POST,  TEI,    true,  true,  false, tei_embed_sparse_start,       tei_embed_sparse_finish},
    {"/tokenize",       POST,  TEI,    true,  true,  false, tei_tokenize,                 NULL},
    {"/decode",         POST,  TEI,    true,  true,  false, tei_decode,                   NULL},
    {"/info",           GET,   TEI,    true,  true,  false, tei_info,                     NULL},
    {"/health",         GET,   TEI,    false, false, true,  tei_health,                   NULL},
    {"/ping",           GET,   TEI,    false, false, true,  tei_health,                   NULL},
    {"/livez",          GET,   OPENAI, false, false, true,  health_livez,                 NULL},
    {"/readyz",         GET,   OPENAI, false, false, true,  health_readyz,                NULL},
    {"/openapi.json",   GET,   OPENAI, true,  false, false, openapi_get,                  NULL},
    {"/api-doc/openapi.json", GET, TEI, true, false, false, openapi_get,                  NULL},
    {"/",               GET,   OPENAI, false, false, false, pages_get_playground,         NULL},
    {"/docs",           GET,   OPENAI, false, false, false, pages_get_docs,               NULL},
    {"/guide/",         GET,   OPENAI, false, false, false, pages_get_guide,              NULL},
    {"/web/",           GET,   OPENAI, false, false, false, pages_get_file,               NULL},
    {"/metrics",        GET,   OPENAI, false, false, true,  health_metrics,               NULL},
};
/* clang-format on */

const struct routes api_routes = {rows, sizeof rows / sizeof *rows};
