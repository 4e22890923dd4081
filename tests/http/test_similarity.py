# SPDX-License-Identifier: Apache-2.0
"""POST /v1/similarity and TEI's POST /similarity against NumPy on what /v1/embeddings gives."""

import json

import numpy as np
import pytest

LEFT = ["A man plays the guitar.", "The stock market fell."]
RIGHT = ["Someone is making music.", "Shares lost value.", "It rains."]


def embed(server, texts, **fields):
    return np.array(
        [item["embedding"] for item in server.embed(input=texts, **fields)["data"]], dtype=float
    )


def scores_of(name, a, b):
    if name == "cosine":
        a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
    if name in ("cosine", "dot"):
        return a @ b.T
    difference = a[:, None, :] - b[None, :, :]
    return -(
        np.sqrt((difference**2).sum(-1)) if name == "euclidean" else np.abs(difference).sum(-1)
    )


def similarity(server, **fields):
    reply = server.post("/v1/similarity", fields)
    assert reply.status == 200, reply
    return reply.json()


@pytest.mark.parametrize("name", ["cosine", "dot", "euclidean", "manhattan"])
@pytest.mark.parametrize("dims", [384, 64])
def test_scores_are_a_matrix(server, name, dims):
    reply = similarity(server, input=LEFT, compare_with=RIGHT, similarity=name, dimensions=dims)
    assert set(reply) == {"object", "model", "similarity", "dimensions", "scores", "usage"}
    assert (reply["object"], reply["similarity"], reply["dimensions"]) == ("similarity", name, dims)
    expected = scores_of(
        name, embed(server, LEFT, dimensions=dims), embed(server, RIGHT, dimensions=dims)
    )
    assert np.shape(reply["scores"]) == (2, 3)
    assert np.abs(np.array(reply["scores"]) - expected).max() < 2e-6 * max(
        1, np.abs(expected).max()
    )


def test_usage_counts_both_sides(server, tokenizer):
    expected = sum(len(tokenizer.encode(text).ids) for text in LEFT + RIGHT)
    assert similarity(server, input=LEFT, compare_with=RIGHT)["usage"] == {
        "prompt_tokens": expected,
        "total_tokens": expected,
    }


def test_cosine_is_the_default(server):
    assert similarity(server, input=LEFT, compare_with=RIGHT) == similarity(
        server, input=LEFT, compare_with=RIGHT, similarity="cosine"
    )


def test_model_may_name_another_default(servers, model_variant):
    server = servers(
        model_variant(
            {"config_sentence_transformers.json": json.dumps({"similarity_fn_name": "euclidean"})}
        )
    )
    assert similarity(server, input=LEFT)["similarity"] == "euclidean"


def test_input_is_compared_with_itself(server):
    reply = similarity(server, input=LEFT + RIGHT)
    scores = np.array(reply["scores"])
    assert scores.shape == (5, 5)
    assert np.array_equal(scores, scores.T) and np.abs(np.diag(scores) - 1).max() < 1e-6
    assert np.array_equal(
        scores,
        np.array(similarity(server, input=LEFT + RIGHT, compare_with=LEFT + RIGHT)["scores"]),
    )


def test_single_texts(server):
    assert np.shape(similarity(server, input="a", compare_with="b")["scores"]) == (1, 1)
    assert np.shape(similarity(server, input="a")["scores"]) == (1, 1)


@pytest.mark.parametrize("dims", [None, 128])
def test_tei_similarity_is_a_list_of_cosines(server, dims):
    value = {"inputs": {"source_sentence": LEFT[0], "sentences": RIGHT}}
    fields = {"dimensions": dims} if dims else {}
    if dims:
        value["parameters"] = fields
    reply = server.post("/similarity", value)
    assert reply.status == 200, reply
    expected = scores_of(
        "cosine", embed(server, LEFT[:1], **fields), embed(server, RIGHT, **fields)
    )[0]
    assert np.abs(np.array(reply.json()) - expected).max() < 2e-6
