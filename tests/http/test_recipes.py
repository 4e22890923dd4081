# SPDX-License-Identifier: Apache-2.0
"""The README's section "Clients": each block runs as it stands, with address and key replaced, and
gives what a plain request gives. What it says that a client cannot do is true too."""

import concurrent.futures
import json
import pathlib
import re

import numpy as np
import pytest

from clients import run, run_node, run_python

README = pathlib.Path(__file__).resolve().parents[2] / "README.md"
TEXTS = ["a cat", "a dog"]
MODEL = "all-MiniLM-L6-v2"
KEY = "sk-of-the-recipes"
BLOCK = re.compile(r"^```(sh|python|js)\n(.*?)^```", re.S | re.M)
PRINT_RESULT = "\nimport json\nprint(json.dumps({name}, default=lambda row: row.tolist()))\n"


def recipes():
    """[(language, package, source)]"""
    section = re.search(r"^## Clients\n(.*?)^## ", README.read_text(), re.S | re.M)[1]
    found = []
    for language, source in BLOCK.findall(section):
        package = re.search(r"^(?:from|import) (\w+)", source, re.M)
        found.append((language, package[1] if language == "python" else language, source))
    return found


@pytest.fixture(scope="module")
def locked(servers, model):
    return servers(model, "--served-model-name", MODEL, "--api-key", KEY)


def embed(server, **fields):
    reply = server.post("/v1/embeddings", fields, {"Authorization": f"Bearer {KEY}"})
    assert reply.status == 200, reply
    return [item["embedding"] for item in reply.json()["data"]]


def assert_same_numbers(found, expected):
    """As float32: clients give back doubles, of the same values."""
    assert np.array_equal(np.float32(found), np.float32(expected))


def run_recipe(language, package, source, folder):
    if language == "sh":
        return json.loads(run(["bash", "-c", source], folder))
    if language == "js":
        shown = "\nconsole.log(JSON.stringify(vectors.map((row) => Array.from(row))));\n"
        return json.loads(run_node("openai", source + shown, folder))
    result = re.findall(r"^(\w+) =", source, re.M)[-1]
    return json.loads(run_python(package, source + PRINT_RESULT.format(name=result), folder))


@pytest.mark.parametrize("recipe", recipes(), ids=lambda recipe: recipe[1])
def test_recipe(recipe, locked, tmp_path):
    language, package, source = recipe
    assert "127.0.0.1:8080" in source and "any-key" in source
    source = source.replace("127.0.0.1:8080", f"127.0.0.1:{locked.port}").replace("any-key", KEY)
    found = run_recipe(language, package, source, tmp_path)
    if language == "sh":
        expected = embed(locked, input=TEXTS, dimensions=128)
        assert_same_numbers([item["embedding"] for item in found["data"]], expected)
    elif "scores" in source:
        vectors = np.float32(embed(locked, input=TEXTS))
        assert np.abs(found - vectors[0] @ vectors.T).max() < 1e-6
    else:
        assert_same_numbers(found, embed(locked, input=TEXTS))


def test_every_client_has_a_recipe():
    packages = {package for _, package, _ in recipes()}
    assert packages >= {"sh", "js", "openai", "langchain_openai", "llama_index", "haystack"}
    assert packages >= {"litellm", "cohere", "huggingface_hub", "langchain_huggingface"}
    sources = "".join(source for _, _, source in recipes())
    for name in ("OpenAILikeEmbedding(", "TextEmbeddingsInference(", ".feature_extraction("):
        assert name in sources


def test_clients_cannot_look_past_this_machine(tmp_path):
    source = 'import socket\nsocket.getaddrinfo("nestd.invalid", 80)\n'
    for package in ("openai", "haystack", "huggingface_hub"):
        with pytest.raises(AssertionError, match="exit status 97"):
            run_python(package, source, tmp_path)


def test_haystack_text_embedder(locked, tmp_path):
    source = f"""
import sys
from haystack.components.embedders import OpenAITextEmbedder
from haystack.utils import Secret
embedder = OpenAITextEmbedder(
    model="{MODEL}", api_base_url=sys.argv[1], api_key=Secret.from_token("{KEY}")
)
vector = embedder.run("a cat")["embedding"]
""" + PRINT_RESULT.format(name="vector")
    url = f"http://127.0.0.1:{locked.port}/v1"
    found = json.loads(run_python("haystack", source, tmp_path, url))
    assert_same_numbers([found], embed(locked, input=["a cat"]))


# OpenAI's vocabulary would have to be downloaded, so an encoding that has an id for each byte stands
# in for it. Where its ids begin decides whether the model's vocabulary, of 30522, holds them.
LANGCHAIN_WITH_IDS = """
import json, sys
import openai, tiktoken
from langchain_openai import OpenAIEmbeddings
first = int(sys.argv[2])
ranks = {bytes([byte]): first + byte for byte in range(256)}
encoding = tiktoken.Encoding("stand-in", pat_str="(?s:.)", mergeable_ranks=ranks, special_tokens={})
tiktoken.get_encoding = lambda name: encoding
embeddings = OpenAIEmbeddings(model="MODEL", base_url=sys.argv[1], api_key="KEY")
try:
    print(json.dumps({"vectors": embeddings.embed_documents(["a cat", "a dog"])}))
except openai.BadRequestError as error:
    print(json.dumps({"code": error.code, "message": str(error)}))
""".replace("MODEL", MODEL).replace("KEY", KEY)


def langchain_with_ids(server, folder, first_id):
    url = f"http://127.0.0.1:{server.port}/v1"
    arguments = ["langchain_openai", LANGCHAIN_WITH_IDS, folder, url, first_id]
    return json.loads(run_python(*arguments))


def test_langchain_by_default_sends_ids_which_are_refused(locked, tmp_path):
    found = langchain_with_ids(locked, tmp_path, 100_000)
    assert found["code"] == "invalid_token"
    for word in ("100097", "30522", "tokenizer"):
        assert word in found["message"], found


def test_langchain_ids_that_fit_are_taken_for_other_words(locked, tmp_path):
    """Nobody can tell them apart; the README says so."""
    ids = [[1000 + byte for byte in text.encode()] for text in TEXTS]
    found = langchain_with_ids(locked, tmp_path, 1000)
    assert_same_numbers(found["vectors"], embed(locked, input=ids))
    assert not np.allclose(found["vectors"], embed(locked, input=TEXTS), atol=0.01)


def test_llama_index_takes_a_refusal_of_tei_for_vectors(locked, tmp_path):
    source = """
import sys
from llama_index.embeddings.text_embeddings_inference import TextEmbeddingsInference
embedding = TextEmbeddingsInference(model_name="any", base_url=sys.argv[1], auth_token="wrong")
try:
    embedding.get_text_embedding_batch(["a cat"])
except ValueError as error:
    print(type(error).__name__, error)
"""
    said = run_python("llama_index", source, tmp_path, f"http://127.0.0.1:{locked.port}")
    assert said.startswith("ValidationError") and "API key" in said


def test_langchain_huggingface_takes_no_address_for_a_model(locked, tmp_path):
    """Once it does, its recipe gets simpler."""
    source = """
import sys
from langchain_huggingface import HuggingFaceEndpointEmbeddings
try:
    HuggingFaceEndpointEmbeddings(model=sys.argv[1], huggingfacehub_api_token="any-key")
except ValueError as error:
    print(error)
"""
    url = f"http://127.0.0.1:{locked.port}"
    said = run_python("langchain_huggingface", source, tmp_path, url)
    assert "not a URL" in said


def test_hugging_face_gets_a_vector_per_token(locked, tmp_path):
    source = f"""
import sys
from huggingface_hub import InferenceClient
client = InferenceClient(model=sys.argv[1], api_key="{KEY}")
found = client.feature_extraction("a cat", truncate=True, truncation_direction="left")
""" + PRINT_RESULT.format(name="found")
    url = f"http://127.0.0.1:{locked.port}/embed_all"
    found = json.loads(run_python("huggingface_hub", source, tmp_path, url))
    assert np.shape(found) == (1, 4, 384)


def test_hugging_face_passes_its_options_on(locked, tmp_path):
    source = f"""
import sys
from huggingface_hub import InferenceClient
client = InferenceClient(model=sys.argv[1], api_key="{KEY}")
found = client.feature_extraction("a cat", dimensions=64, normalize=False)
""" + PRINT_RESULT.format(name="found")
    url = f"http://127.0.0.1:{locked.port}/embed"
    found = json.loads(run_python("huggingface_hub", source, tmp_path, url))
    assert_same_numbers(found, embed(locked, input="a cat", dimensions=64, normalize=False))


# With the address alone, as for a deployment of Text Embeddings Inference: POST / answers.

BARE_HUB_CLIENT = f"""
import sys
from huggingface_hub import InferenceClient
client = InferenceClient(model=sys.argv[1], api_key="{KEY}")
found = client.feature_extraction("a cat")
""" + PRINT_RESULT.format(name="found")

BARE_HAYSTACK = f"""
import sys
from haystack_integrations.components.embedders.huggingface_api import HuggingFaceAPITextEmbedder
from haystack.utils import Secret
embedder = HuggingFaceAPITextEmbedder(
    api_type="text_embeddings_inference",
    api_params={{"url": sys.argv[1]}},
    token=Secret.from_token("{KEY}"),
)
found = [embedder.run("a cat")["embedding"]]
""" + PRINT_RESULT.format(name="found")


@pytest.mark.parametrize(
    "package, source, fields",
    [
        ("huggingface_hub", BARE_HUB_CLIENT, {}),
        ("haystack_integrations", BARE_HAYSTACK, {"normalize": False}),  # its default
    ],
    ids=["huggingface_hub", "haystack"],
)
def test_address_alone_is_enough(locked, tmp_path, package, source, fields):
    url = f"http://127.0.0.1:{locked.port}"
    found = json.loads(run_python(package, source, tmp_path, url))
    assert_same_numbers(found, embed(locked, input=["a cat"], **fields))


def test_address_alone_still_shows_the_page(locked):
    assert locked.get("/").headers["Content-Type"].startswith("text/html")
    for path in ("/", "/invocations"):
        body = {"inputs": "a cat"}
        found = locked.post(path, body, {"Authorization": f"Bearer {KEY}"})
        assert found.json() == embed(locked, input=["a cat"])
        assert locked.post(path, body).status == 401
    ping, health = locked.get("/ping"), locked.get("/health")
    assert (ping.status, ping.body) == (health.status, health.body) == (200, b"")


# The text of TEI's load test (its inputs are English sentences of a like length), as often as a test may ask for it.
LOAD = " ".join(f"A path from point {i} runs for {17 * i} metres, then turns north-east." for i in range(30))


def test_teis_load_test_finds_what_it_reads(locked):
    """Its requests at the address alone: none may fail, and each reply tells four times by headers."""
    key = {"Authorization": f"Bearer {KEY}"}

    def ask(i):
        return locked.post("/", {"inputs": f"{i % 20} {LOAD}", "truncate": True}, key)

    with concurrent.futures.ThreadPoolExecutor(32) as threads:
        replies = list(threads.map(ask, range(200)))
    assert {reply.status for reply in replies} == {200}
    for reply in replies:
        assert len(reply.json()[0]) == 384
        times = [int(reply.headers[f"x-{name}-time"]) for name in ("total", "tokenization", "queue", "inference")]
        assert times[0] >= max(times[1:])


LITELLM = f"""
import json, sys
import litellm
try:
    litellm.embedding(
        model="openai/{MODEL}", input=["word " * 300], api_base=sys.argv[1], api_key="{KEY}",
        extra_body={{"truncate": False}}, max_retries=0,
    )
except Exception as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""


def test_litellm_knows_a_text_that_is_too_long(locked, tmp_path):
    """Its fallbacks to a model with a longer context are for this exception alone."""
    url = f"http://127.0.0.1:{locked.port}/v1"
    kind, said = json.loads(run_python("litellm", LITELLM, tmp_path, url).splitlines()[-1])
    assert kind == "ContextWindowExceededError", said
    assert (
        "This model's maximum context length is 256 tokens, however you requested 302 tokens "
        "(input[0], special tokens included); truncation is off"
    ) in said
