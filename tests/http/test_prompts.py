# SPDX-License-Identifier: Apache-2.0
"""Prompts of config_sentence_transformers.json are put before a text, by name or by default."""

import json

import pytest

PROMPTS = {
    "query": "Represent this sentence for searching relevant passages: ",
    "passage": "",
    "title": "title: ",
}


def configuration(default=None, **more):
    return {
        "config_sentence_transformers.json": json.dumps(
            {"prompts": PROMPTS, "default_prompt_name": default, **more}
        )
    }


@pytest.fixture(scope="module")
def prompted(servers, model_variant):
    return servers(model_variant(configuration()))


def test_prompt_is_put_before_the_text(prompted):
    asked = prompted.embed(input=["how?", "why?"], prompt_name="query")
    assert asked == prompted.embed(input=[PROMPTS["query"] + "how?", PROMPTS["query"] + "why?"])
    assert asked["data"] != prompted.embed(input=["how?", "why?"])["data"]


def test_empty_prompt_and_null_change_nothing(prompted):
    plain = prompted.embed(input="how?")
    assert prompted.embed(input="how?", prompt_name="passage") == plain
    assert prompted.embed(input="how?", prompt_name=None) == plain


def test_folder_may_name_a_default_prompt(servers, model_variant, prompted):
    server = servers(model_variant(configuration(default="title")))
    assert server.embed(input="x")["data"] == prompted.embed(input="x", prompt_name="title")["data"]
    assert (
        server.embed(input="x", prompt_name="query")["data"]
        == prompted.embed(input="x", prompt_name="query")["data"]
    )


def test_options_name_a_default_prompt(servers, model_variant, prompted):
    by_name = servers(model_variant(configuration()), "--default-prompt-name", "title")
    by_text = servers(model_variant(configuration()), "--default-prompt", "title: ")
    expected = prompted.embed(input="x", prompt_name="title")["data"]
    assert by_name.embed(input="x")["data"] == expected
    assert by_text.embed(input="x")["data"] == expected
    assert (
        by_text.embed(input="x", prompt_name="passage")["data"] == prompted.embed(input="x")["data"]
    )


def test_default_prompt_that_the_model_lacks_is_refused_at_start(start, model):
    server = start(model, "--default-prompt-name", "title")
    assert server.wait() == 2
    assert "default-prompt-name" in server.log_text() or "default_prompt_name" in server.log_text()


@pytest.mark.parametrize("name", ["query", "document"])
def test_every_model_has_empty_prompts_for_queries_and_documents(
    servers, model_variant, prompted, name
):
    """As sentence-transformers 5 and later has it; where the folder names one, that one is it."""
    bare = servers(model_variant({"config_sentence_transformers.json": "{}"}))
    assert bare.embed(input="how?", prompt_name=name) == bare.embed(input="how?")
    assert prompted.embed(input="how?", prompt_name="document") == prompted.embed(input="how?")
    refused = bare.post("/v1/embeddings", {"input": "how?", "prompt_name": "title"})
    assert refused.status == 400 and "query, document" in refused.json()["error"]["message"]


def test_default_prompt_name_may_be_one_that_every_model_has(start, copy_model, prompted):
    files = {"prompts": {}, "default_prompt_name": "query"}
    for options in ((), ("--default-prompt-name", "document")):
        server = start(
            copy_model({"config_sentence_transformers.json": json.dumps(files)}), *options
        ).wait_ready()
        assert server.embed(input="how?")["data"] == prompted.embed(input="how?")["data"]
        server.stop()


def test_similarity_takes_prompts(prompted):
    asked = prompted.post(
        "/v1/similarity", {"input": "a", "compare_with": "b", "prompt_name": "title"}
    ).json()
    assert (
        asked["scores"]
        == prompted.post(
            "/v1/similarity", {"input": "title: a", "compare_with": "title: b"}
        ).json()["scores"]
    )


def test_tokenize_takes_prompts(prompted):
    asked = prompted.post("/tokenize", {"inputs": "a", "prompt_name": "title"}).json()
    plain = prompted.post("/tokenize", {"inputs": "title: a"}).json()
    assert [token["id"] for token in asked[0]] == [token["id"] for token in plain[0]]


def test_pooling_may_leave_the_prompt_out(servers, model_variant, model):
    """include_prompt false: the prompt is read, but its tokens are not pooled."""
    pooling = json.load(open(f"{model}/1_Pooling/config.json"))
    files = {
        **configuration(),
        "1_Pooling/config.json": json.dumps({**pooling, "include_prompt": False}),
    }
    server = servers(model_variant(files))
    with_prompt = server.embed(input="how?", prompt_name="query", encoding_format="base64")["data"]
    assert (
        with_prompt
        != server.embed(input=PROMPTS["query"] + "how?", encoding_format="base64")["data"]
    )
    assert with_prompt != server.embed(input="how?", encoding_format="base64")["data"]
