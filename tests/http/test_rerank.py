# SPDX-License-Identifier: Apache-2.0
"""The rerank routes: refused in words that say why, and never answered with cosines instead."""

import cohere
import pytest

DOCUMENTS = ["Paris is the capital of France.", "A cat sat."]
BODIES = {
    "/rerank": {"query": "Where is Paris?", "texts": DOCUMENTS, "return_text": True},
    "/v1/rerank": {"model": "a-reranker", "query": "Where is Paris?", "documents": DOCUMENTS},
    "/v2/rerank": {"model": "a-reranker", "query": "Where is Paris?", "documents": DOCUMENTS},
    "/v1/score": {"model": "a-reranker", "text_1": "Where is Paris?", "text_2": DOCUMENTS},
    "/v1/classify": {"model": "a-reranker", "input": DOCUMENTS},
    "/score": {"queries": "Where is Paris?", "items": DOCUMENTS},
    "/classify": {"input": DOCUMENTS},
    "/predict": {"inputs": DOCUMENTS},
}


@pytest.mark.parametrize("path", BODIES)
def test_model_that_is_no_cross_encoder_is_told(server, path):
    reply = server.post(path, BODIES[path])
    assert reply.status == 400, reply
    error = reply.json()["error"]
    if path in ("/rerank", "/predict"):
        assert reply.json() == {"error": error, "error_type": "Validation"}
        message = error
    else:
        message = error.pop("message")
        assert error == {"type": "invalid_request_error", "code": "invalid_value", "param": "model"}
    for words in ("not a cross-encoder", "sentence-transformers embedding model", "/v1/similarity"):
        assert words in message


@pytest.mark.parametrize("path", BODIES)
def test_body_that_is_no_json_is_told_first(server, path):
    reply = server.request("POST", path, b'{"query": ', {"Content-Type": "application/json"})
    assert reply.status == 400 and b"not valid JSON" in reply.body


def test_coheres_client_shows_why(server):
    client = cohere.ClientV2(api_key="any-key", base_url=f"http://127.0.0.1:{server.port}")
    with pytest.raises(cohere.BadRequestError, match="not a cross-encoder"):
        client.rerank(model="a-reranker", query="Where is Paris?", documents=DOCUMENTS)
