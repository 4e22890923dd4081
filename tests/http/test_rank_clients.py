# SPDX-License-Identifier: Apache-2.0
"""Rerankers of frameworks, as their users write them, at a tiny cross-encoder that wants a key; its scores are those of
sentence-transformers' CrossEncoder.predict, on TEI's route the sigmoids of its logits. Cohere's clients and LiteLLM are in
test_cross_encoders.py."""

import json
import math

import pytest

import tiny_models
from clients import run_python

KEY = "sk-of-the-rerankers"
PRINT = "\nimport json\nprint(json.dumps(found))\n"


@pytest.fixture(scope="module")
def ranker(shared_data, servers, tmp_path_factory):
    model = tiny_models.make(shared_data, "rank-bert", tmp_path_factory.mktemp("ranker"))
    server = servers(model, "--served-model-name", "judge", "--dtype", "float32", "--api-key", KEY)
    return server, json.loads((model / "expected.json").read_text())


# Each finds {the shape it asks in: [(text, score)]}.

LANGCHAIN = f"""
import sys
from langchain_cohere import CohereRerank
from langchain_core.documents import Document
url, query, *texts = sys.argv[1:]
rerank = CohereRerank(model="judge", base_url=url, cohere_api_key="{KEY}", top_n=4)
ranked = rerank.compress_documents([Document(page_content=text) for text in texts], query)
found = {{"Cohere": [(document.page_content, document.metadata["relevance_score"]) for document in ranked]}}
"""

LLAMA_INDEX = f"""
import sys
from llama_index.core.schema import NodeWithScore, TextNode
from llama_index.postprocessor.jinaai_rerank import JinaRerank
from llama_index.postprocessor.tei_rerank import TextEmbeddingInference
url, query, *texts = sys.argv[1:]
rerankers = {{
    "TEI": TextEmbeddingInference(base_url=url, auth_token="Bearer {KEY}", top_n=4),
    "Jina": JinaRerank(base_url=url + "/v1", model="judge", api_key="{KEY}", top_n=4),
}}
found = {{}}
for shape, rerank in rerankers.items():
    nodes = [NodeWithScore(node=TextNode(text=text)) for text in texts]
    found[shape] = [(node.text, node.score) for node in rerank.postprocess_nodes(nodes, query_str=query)]
"""

HAYSTACK = f"""
import sys
from haystack import Document
from haystack.utils import Secret
from haystack_integrations.components.rankers.huggingface_api import HuggingFaceTEIRanker
url, query, *texts = sys.argv[1:]
ranker = HuggingFaceTEIRanker(url=url, top_k=4, token=Secret.from_token("{KEY}"))
ranked = ranker.run(query=query, documents=[Document(content=text) for text in texts])["documents"]
found = {{"TEI": [(document.content, document.score) for document in ranked]}}
"""

RERANKERS = {
    "langchain_cohere": (LANGCHAIN, ["Cohere"]),
    "llama_index": (LLAMA_INDEX, ["TEI", "Jina"]),
    "haystack_integrations": (HAYSTACK, ["TEI"]),
}


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


@pytest.mark.parametrize("package", RERANKERS)
def test_the_best_four_in_order(ranker, tmp_path, package):
    server, expected = ranker
    source, shapes = RERANKERS[package]
    url = f"http://127.0.0.1:{server.port}"
    printed = run_python(package, source + PRINT, tmp_path, url, expected["query"], *expected["passages"])
    found = json.loads(printed.splitlines()[-1])
    assert list(found) == shapes
    for shape, ranked in found.items():
        rows = [sigmoid(row[0]) for row in expected["logits"]] if shape == "TEI" else [row[0] for row in expected["scores"]]
        scores = dict(zip(expected["passages"], rows))
        assert [text for text, _ in ranked] == sorted(scores, key=lambda text: -scores[text])[:4]
        for text, score in ranked:
            assert math.isclose(score, scores[text], rel_tol=1e-5, abs_tol=1e-5)


CLASSIFY = f"""
import sys
from huggingface_hub import InferenceClient
client = InferenceClient(model=sys.argv[1] + "/predict", api_key="{KEY}")
element = client.text_classification("a b")
found = [element.label, element.score]
"""


def test_huggingface_hub_classifies(ranker, tmp_path):
    """Its client takes the first, which is the best, of what /predict gives."""
    server = ranker[0]
    key = {"Authorization": f"Bearer {KEY}"}
    (best,) = server.post("/predict", {"inputs": "a b"}, key).json()
    printed = run_python("huggingface_hub", CLASSIFY + PRINT, tmp_path, f"http://127.0.0.1:{server.port}")
    assert json.loads(printed.splitlines()[-1]) == [best["label"], best["score"]]


def test_open_webui_as_it_asks(ranker):
    """Its external reranker: a key, the user's headers, all documents told again by their index."""
    server, expected = ranker
    user = {f"X-OpenWebUI-User-{name}": "a%20user" for name in ("Name", "Id", "Email", "Role")}
    passages = expected["passages"]
    body = {"model": "judge", "query": expected["query"], "documents": passages, "top_n": len(passages)}
    assert server.post("/v1/rerank", body, user).status == 401
    for path in ("/v1/rerank", "/rerank"):
        reply = server.post(path, body, {"Authorization": f"Bearer {KEY}", **user})
        assert reply.status == 200, reply
        rows = sorted(reply.json()["results"], key=lambda row: row["index"])
        for row, score in zip(rows, expected["scores"], strict=True):
            assert math.isclose(row["relevance_score"], score[0], rel_tol=1e-5, abs_tol=1e-5)
