# SPDX-License-Identifier: Apache-2.0
"""Cross-encoders through the server: the tiny rankers of SHARED_DIR/reference/families have the scores that
sentence-transformers' CrossEncoder.predict gives. What a model that embeds answers is in test_rerank.py."""
import json
import math
import re

import cohere
import pytest

import tiny_models
from clients import run_python
from harness import run_to_end

np = pytest.importorskip("numpy")
import jina_bert  # noqa: E402

RANKERS = [
    "rank-bert",
    "rank-deberta-v2",
    "rank-distilbert",
    "rank-electra",
    "rank-gte",
    "rank-modernbert-cls",
    "rank-modernbert-mean",
    "rank-roberta",
    "rank-xlm-roberta",
]


def open_ranker(shared_data, start, folder, name, *options):
    model = tiny_models.make(shared_data, name, folder)
    expected = json.loads((model / "expected.json").read_text())
    server = start(model, "--dtype", "float32", "--threads", 1, *options).wait_ready()
    return server, expected


def ask(server, path, body):
    reply = server.post(path, body)
    assert reply.status == 200, reply.body
    return reply.json()


def by_index(rows, key):
    assert sorted(row["index"] for row in rows) == list(range(len(rows)))
    ranked = [row[key] for row in rows]
    assert ranked == sorted(ranked, reverse=True)
    return [row[key] for row in sorted(rows, key=lambda row: row["index"])]


def assert_close(found, expected):
    assert len(found) == len(expected)
    for one, other in zip(found, expected):
        assert abs(one - other) <= 1e-5 * max(1, abs(other)), (one, other)


@pytest.mark.parametrize("name", RANKERS)
def test_scores_are_those_of_sentence_transformers(shared_data, start, tmp_path, name):
    server, expected = open_ranker(shared_data, start, tmp_path, name)
    pair = {"query": expected["query"], "documents": expected["passages"]}
    logits = [row[0] for row in expected["logits"]]
    scores = [row[0] for row in expected["scores"]]
    assert_close(by_index(ask(server, "/v1/rerank", pair)["results"], "relevance_score"), scores)
    raw = ask(server, "/v2/rerank", {**pair, "raw_scores": True})["results"]
    assert_close(by_index(raw, "relevance_score"), logits)
    tei = {"query": expected["query"], "texts": expected["passages"]}
    assert_close(by_index(ask(server, "/rerank", {**tei, "raw_scores": True}), "score"), logits)
    sigmoids = [1 / (1 + math.exp(-logit)) for logit in logits]
    assert_close(by_index(ask(server, "/rerank", tei), "score"), sigmoids)


# As Qwen3-Reranker's folder has it since sentence-transformers 5.4; the instruction is a text that the test's model was not given.
TEMPLATE = (
    """{%- set instruction = messages | selectattr("role", "eq", "system") | map(attribute="content") | first | default(INSTRUCT) -%}
{%- set query_text = messages | selectattr("role", "eq", "query") | map(attribute="content") | first -%}
{%- set document_text = messages | selectattr("role", "eq", "document") | map(attribute="content") | first -%}
"""
    "HEAD<Instruct>: {{ instruction }}\n<Query>: {{ query_text }}\n<Document>: {{ document_text }}TAIL\n"
)


def make_answering(shared_data, folder):
    """The tiny Qwen3-Reranker, which has no template of its own; its longest passage is longer than its folder allows."""
    model = tiny_models.make(shared_data, "rank-qwen3", folder)
    change_json(model / "config.json", max_position_embeddings=1024)
    change_json(model / "tokenizer_config.json", model_max_length=1024)
    return model, json.loads((model / "expected.json").read_text())


def change_json(path, **keys):
    path.write_text(json.dumps({**json.loads(path.read_text()), **keys}))


def write_template(model, expected):
    text = TEMPLATE.replace("INSTRUCT", json.dumps(expected["instruct"])).replace("HEAD", expected["head"]).replace("TAIL", expected["tail"])
    (model / "chat_template.jinja").write_text(text)


def raw_scores(server, expected):
    reply = ask(server, "/rerank", {"query": expected["query"], "texts": expected["passages"], "raw_scores": True})
    return by_index(reply, "score")


def read_tensor(model, name):
    data = (model / "model.safetensors").read_bytes()
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    start, end = (8 + int.from_bytes(data[:8], "little") + offset for offset in header[name]["data_offsets"])
    assert header[name]["dtype"] == "BF16"
    return (np.frombuffer(data[start:end], "<u2").astype("<u4") << 16).view("<f4").reshape(header[name]["shape"])


FLASH_NAMES = [
    (r"roberta\.embeddings\.LayerNorm", "roberta.emb_ln"),
    (r"encoder\.layer\.", "encoder.layers."),
    (r"attention\.output\.dense", "mixer.out_proj"),
    (r"attention\.output\.LayerNorm", "norm1"),
    (r"intermediate\.dense", "mlp.fc1"),
    (r"(\d)\.output\.dense", r"\1.mlp.fc2"),
    (r"(\d)\.output\.LayerNorm", r"\1.norm2"),
]


def rename_as_flash(model):
    """The weights of an XLM-RoBERTa by the names of Jina's code for it, in which query, key and value are one."""
    data = (model / "model.safetensors").read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    tensors = {}
    header = json.loads(data[8:begin])
    header.pop("__metadata__", None)
    for name, about in header.items():
        start, end = about["data_offsets"]
        tensors[name] = (about["dtype"], about["shape"], data[begin + start : begin + end])
    renamed = {}
    for name, (dtype, shape, values) in tensors.items():
        if re.search(r"attention\.self\.(key|value)", name):
            continue
        if "attention.self.query" in name:
            values += tensors[name.replace("query", "key")][2] + tensors[name.replace("query", "value")][2]
            shape = [3 * shape[0], *shape[1:]]
            name = name.replace("attention.self.query", "mixer.Wqkv")
        for old, new in FLASH_NAMES:
            name = re.sub(old, new, name)
        renamed[name] = (dtype, shape, values)
    header, body = {}, b""
    for name, (dtype, shape, values) in renamed.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(values)]}
        body += values
    text = json.dumps(header).encode()
    (model / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + body)


def test_jinas_second_reranker_is_an_xlm_roberta(shared_data, binary, start, tmp_path):
    """Its config.json has no "model_type" but code of its own, whose tensors have other names."""
    model = tiny_models.make(shared_data, "rank-xlm-roberta", tmp_path)
    expected = json.loads((model / "expected.json").read_text())
    config = json.loads((model / "config.json").read_text())
    del config["model_type"]
    config["auto_map"] = {"AutoConfig": "jinaai/jina-reranker-v2-base-multilingual--configuration_xlm_roberta.XLMRobertaFlashConfig"}
    config["position_embedding_type"] = "absolute"
    (model / "config.json").write_text(json.dumps(config))
    rename_as_flash(model)
    server = start(model, "--dtype", "float32", "--threads", 1).wait_ready()
    assert_close(raw_scores(server, expected), [row[0] for row in expected["logits"]])
    change_json(model / "config.json", position_embedding_type="rotary")
    assert '"model_type" is absent' in run_to_end(binary, "--model-id", model, "--port", "0").stderr


@pytest.mark.parametrize("name, hidden", [("jina-bert-v2-heads4", 64), ("jina-bert-v2-heads6", 96)])
def test_jinabert_has_berts_head(shared_data, start, tmp_path, name, hidden):
    """transformers has no JinaBERT: the scores are those of tests/models/jina_bert.py, for ids of the official tokenizer."""
    tokenizers = pytest.importorskip("tokenizers")
    head = {"bert.pooler.dense.weight": [hidden, hidden], "bert.pooler.dense.bias": [hidden]}
    head |= {"classifier.weight": [1, hidden], "classifier.bias": [1]}
    model = tiny_models.make(shared_data, name, tmp_path, head, "bert.")
    change_json(model / "config.json", architectures=["JinaBertForSequenceClassification"], id2label={"0": "LABEL_0"})
    for file in ("modules.json", "sentence_bert_config.json"):
        (model / file).unlink()
    texts = tiny_models.texts(shared_data)
    query, passages = texts[1], [*texts, " ".join(texts)]
    official = tokenizers.Tokenizer.from_file(str(model / "tokenizer.json"))
    official.enable_truncation(json.loads((model / "tokenizer_config.json").read_text())["model_max_length"])
    pairs = [official.encode(query, passage) for passage in passages]
    judge = jina_bert.Judge(model)
    expected = [judge.logit(pair.ids, pair.type_ids) for pair in pairs]
    server = start(model, "--dtype", "float32", "--threads", 1).wait_ready()
    assert_close(raw_scores(server, {"query": query, "passages": passages}), expected)
    assert max(expected) - min(expected) > 0.1
    assert abs(judge.logit(pairs[0].ids, [0] * len(pairs[0].ids)) - expected[0]) > 1e-3


def test_eurobert_is_not_judged_token_by_token(shared_data, binary, tmp_path):
    """Its default: the mean of the tokens' scores, which is not a score of the tokens' mean."""
    head = {"dense.weight": [64, 64], "dense.bias": [64], "classifier.weight": [1, 64], "classifier.bias": [1]}
    model = tiny_models.make(shared_data, "eurobert", tmp_path, head, "model.")
    change_json(model / "config.json", architectures=["EuroBertForSequenceClassification"], num_labels=1)
    (model / "modules.json").unlink()
    complaint = run_to_end(binary, "--model-id", model, "--port", "0").stderr
    assert 'config.json: "classifier_pooling" is "late" (late where it is absent); bos and mean are served' in complaint


def add_tensor(model, name, values):
    data = (model / "model.safetensors").read_bytes()
    begin = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:begin])
    end = len(data) - begin
    header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [end, end + 4 * values.size]}
    text = json.dumps(header).encode()
    (model / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data[begin:] + values.astype("<f4").tobytes())


def test_decoder_judges_by_its_answers(shared_data, start, tmp_path):
    """By the published template, which the folder does not have: every route, and the ids that transformers gives."""
    model, expected = make_answering(shared_data, tmp_path)
    server = start(model, "--dtype", "float32", "--threads", 1).wait_ready()
    pair = {"query": expected["query"], "documents": expected["passages"]}
    sigmoids = [1 / (1 + math.exp(-score)) for score in expected["scores"]]
    assert_close(raw_scores(server, expected), expected["scores"])
    for path in ("/v1/rerank", "/v2/rerank"):
        assert_close(by_index(ask(server, path, pair)["results"], "relevance_score"), sigmoids)
    rows = ask(server, "/v1/score", {"text_1": expected["query"], "text_2": expected["passages"]})
    assert_close([row["score"] for row in rows["data"]], sigmoids)
    assert rows["usage"]["total_tokens"] == sum(map(len, expected["ids"]))
    assert server.post("/embed", {"inputs": "a"}).status == 400


def test_query_in_a_template_is_not_read_to_count(shared_data, start, tmp_path):
    """Of pairs that are too many tokens together the rest are left alone: each would have the query read again."""
    model, _ = make_answering(shared_data, tmp_path)
    server = start(model, "--dtype", "float32", "--threads", 1, "--max-request-tokens", 3000).wait_ready()
    reply = server.post("/rerank", {"query": "um gato " * 300, "texts": ["a"] * 100})
    assert reply.status == 422
    assert 3000 < int(re.match(r"Requested ([0-9]+) tokens", reply.json()["error"])[1]) <= 3000 + 1024


def test_decoder_judges_by_its_own_template_and_rows(shared_data, binary, start, tmp_path):
    model, expected = make_answering(shared_data, tmp_path)
    write_template(model, expected)
    change_json(model / "1_LogitScore" / "config.json", true_token_id=4, false_token_id=3)
    rows = read_tensor(model, "model.embed_tokens.weight")
    change_json(model / "config.json", tie_word_embeddings=False)
    assert 'has no tensor "lm_head.weight"' in run_to_end(binary, "--model-id", model, "--port", "0").stderr
    add_tensor(model, "lm_head.weight", np.concatenate([rows[:3], -rows[3:5], rows[5:]]))
    server = start(model, "--dtype", "float32", "--threads", 1).wait_ready()
    assert_close(raw_scores(server, expected), expected["scores"])  # both were turned round
    other = dict(expected, instruct="Find what contradicts the query")
    write_template(model, other)
    server = start(model, "--dtype", "float32", "--threads", 1).wait_ready()
    assert max(abs(a - b) for a, b in zip(raw_scores(server, expected), expected["scores"])) > 1e-3


def test_converted_decoder_judges_the_same(shared_data, start, tmp_path):
    """The two rows' difference as a classifier of one label, with sentence-transformers' files of version 6 and without."""
    model, expected = make_answering(shared_data, tmp_path)
    rows = read_tensor(model, "model.embed_tokens.weight")
    add_tensor(model, "score.weight", rows[3:4] - rows[4:5])
    change_json(model / "config.json", architectures=["Qwen3ForSequenceClassification"], num_labels=1)
    write_template(model, expected)
    (model / "modules.json").unlink()
    server = start(model, "--dtype", "float32", "--threads", 1).wait_ready()
    assert_close(raw_scores(server, expected), expected["scores"])
    module = {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.base.modules.transformer.Transformer"}
    (model / "modules.json").write_text(json.dumps([module]))
    outputs = {"method": "forward", "method_output_name": "logits"}
    change_json(
        model / "sentence_bert_config.json",
        transformer_task="sequence-classification",
        modality_config={"text": outputs, "message": {**outputs, "format": "flat"}},
        module_output_name="scores",
    )
    server = start(model, "--dtype", "float32", "--threads", 1).wait_ready()
    assert_close(raw_scores(server, expected), expected["scores"])
    # Without a template for pairs the client writes the prompt. A reranker's tokenizer puts no end of text behind it.
    change_json(model / "tokenizer.json", post_processor={"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": False})
    (model / "chat_template.jinja").write_text("{% for message in messages %}{{ message.content }}{% endfor %}")
    server = start(model, "--dtype", "float32", "--threads", 1).wait_ready()
    texts = [f"<Document>: {text}{expected['tail']}" for text in expected["passages"]]
    query = f"{expected['head']}<Instruct>: {expected['instruct']}\n<Query>: {expected['query']}\n"
    assert_close(raw_scores(server, dict(expected, query=query, passages=texts)), expected["scores"])
    assert "no chat template for pairs" in server.log_text()


@pytest.fixture(scope="module")
def ranker(shared_data, servers, tmp_path_factory):
    model = tiny_models.make(shared_data, "rank-bert", tmp_path_factory.mktemp("ranker"))
    server = servers(model, "--served-model-name", "judge", "--threads", "2", "--dtype", "float32")
    expected = json.loads((model / "expected.json").read_text())
    return server, {**expected, "tokenizer": str(model / "tokenizer.json")}


def test_same_pair_has_the_same_score_in_any_company(ranker, rng):
    server, expected = ranker
    passages = expected["passages"]
    alone = [ask(server, "/rerank", {"query": expected["query"], "texts": [text], "raw_scores": True})[0]["score"] for text in passages]
    for _ in range(20):
        company = rng.choices(range(len(passages)), k=rng.randint(2, 40))
        rows = ask(server, "/rerank", {"query": expected["query"], "texts": [passages[i] for i in company], "raw_scores": True})
        assert by_index(rows, "score") == [alone[i] for i in company]


def test_equal_scores_keep_the_order_of_the_request(ranker):
    server, _ = ranker
    rows = ask(server, "/rerank", {"query": "a", "texts": ["b"] * 5})
    assert [row["index"] for row in rows] == [0, 1, 2, 3, 4]


def test_second_text_is_not_the_first(ranker):
    server, _ = ranker
    one = ask(server, "/rerank", {"query": "a b", "texts": ["c"]})[0]["score"]
    other = ask(server, "/rerank", {"query": "c", "texts": ["a b"]})[0]["score"]
    assert one != other


def test_top_n_and_documents(ranker):
    server, expected = ranker
    body = {"model": "judge", "query": expected["query"], "documents": expected["passages"], "top_n": 3}
    reply = ask(server, "/v1/rerank", body)
    assert reply["model"] == "judge" and reply["usage"]["total_tokens"] == sum(map(len, expected["ids"]))
    assert len(reply["results"]) == 3
    for row in reply["results"]:
        assert row["document"]["text"] == expected["passages"][row["index"]]
    best = [row["index"] for row in reply["results"]]
    reply = ask(server, "/v1/rerank", {**body, "return_documents": False, "top_n": 99})
    assert len(reply["results"]) == len(expected["passages"])
    assert [row["index"] for row in reply["results"]][:3] == best
    assert all("document" not in row for row in reply["results"])
    objects = [{"text": text, "id": 7} for text in expected["passages"]]
    reply = ask(server, "/v2/rerank", {**body, "documents": objects})
    assert [set(row) for row in reply["results"]] == [{"index", "relevance_score"}] * 3
    rows = ask(server, "/rerank", {"query": expected["query"], "texts": expected["passages"], "return_text": True})
    assert all(row["text"] == expected["passages"][row["index"]] for row in rows)


def test_characters_are_those_of_both_texts(ranker):
    """As TEI counts them: the query's once for each text."""
    texts = ["ça va ?", "東京", "a"]
    reply = ranker[0].post("/rerank", {"query": "où ?", "texts": texts})
    assert int(reply.headers["x-compute-characters"]) == 3 * 4 + 7 + 2 + 1
    reply = ranker[0].post("/predict", {"inputs": [["où ?", "東京"], ["où ?"]]})
    assert int(reply.headers["x-compute-characters"]) == 4 + 2 + 4


def test_truncation_is_told_or_refused(ranker):
    server, expected = ranker
    long = [i for i, ids in enumerate(expected["ids"]) if len(ids) == 64]
    body = {"query": expected["query"], "texts": expected["passages"]}
    assert server.post("/rerank", body).headers["x-truncated-inputs"] == ",".join(map(str, long))
    reply = server.post("/rerank", {**body, "truncate": False})
    assert reply.status == 422 and f"texts[{long[0]}]" in reply.json()["error"]
    left = {**body, "truncation_direction": "Left", "raw_scores": True}
    ends = {row["index"]: row["score"] for row in ask(server, "/rerank", left)}
    begins = {row["index"]: row["score"] for row in ask(server, "/rerank", {**body, "raw_scores": True})}
    assert {i for i in ends if ends[i] != begins[i]} == set(long)


def test_long_query_is_read_once(ranker):
    """However many documents it comes with: else one request could hold a request thread for an hour."""

    def tokenize_ms(n):
        body = {"query": "um gato " * 500_000, "documents": ["a"] * n, "truncate": "START"}
        reply = ranker[0].post("/v1/rerank", body)
        assert reply.status == 200, reply.body
        return float(re.match(r"tokenize;dur=([0-9.]+)", reply.headers["Server-Timing"])[1])

    assert tokenize_ms(400) < 20 * tokenize_ms(1)


BAD = [
    ("query-missing", {"documents": ["a"]}, None, "query"),
    ("query-a-list", {"query": ["a"], "documents": ["a"]}, None, "query"),
    ("query-empty", {"query": "", "documents": ["a"]}, "empty_input", "query"),
    ("documents-missing", {"query": "a"}, None, "documents"),
    ("documents-a-number", {"query": "a", "documents": 7}, None, "documents"),
    ("no-documents", {"query": "a", "documents": []}, "empty_input", "documents"),
    ("document-a-number", {"query": "a", "documents": ["a", 7]}, None, "documents[1]"),
    ("document-without-text", {"query": "a", "documents": [{"title": "a"}]}, None, "documents[0]"),
    ("document-empty", {"query": "a", "documents": ["a", ""]}, "empty_input", "documents"),
    ("top-n-below-zero", {"query": "a", "documents": ["a"], "top_n": -1}, "invalid_value", "top_n"),
    ("top-n-a-text", {"query": "a", "documents": ["a"], "top_n": "one"}, None, "top_n"),
    ("documents-cut", {"query": "a", "documents": ["a"], "max_tokens_per_doc": 7}, "invalid_value", "max_tokens_per_doc"),
    ("query-cut", {"query": "a", "documents": ["a"], "max_tokens_per_query": 7}, "invalid_value", "max_tokens_per_query"),
    ("instruction", {"query": "a", "documents": ["a"], "instruction": "b"}, "invalid_value", "instruction"),
    ("template", {"query": "a", "documents": ["a"], "chat_template_kwargs": {}}, "invalid_value", "chat_template_kwargs"),
    ("fields-of-documents", {"query": "a", "documents": ["a"], "rank_fields": ["b"]}, "invalid_value", "rank_fields"),
    ("pair-of-4-tokens", {"query": "a", "documents": ["a"], "truncate_prompt_tokens": 4}, "invalid_value", "truncate_prompt_tokens"),
    ("model-unknown", {"model": "b", "query": "a", "documents": ["a"]}, "model_not_found", "model"),
]


@pytest.mark.parametrize("body, code, param", [case[1:] for case in BAD], ids=[case[0] for case in BAD])
@pytest.mark.parametrize("path", ["/v1/rerank", "/v2/rerank"])
def test_what_is_wrong_is_named(ranker, path, body, code, param):
    reply = ranker[0].post(path, body)
    assert reply.status == (404 if code == "model_not_found" else 400), reply
    error = reply.json()["error"]
    assert (error["code"], error["param"]) == (code, param)


EMBEDDING = {
    "/v1/embeddings": {"input": "a"},
    "/v2/embed": {"texts": ["a"], "model": "judge"},
    "/v1/similarity": {"input": "a", "compare_with": "b"},
    "/embed": {"inputs": "a"},
    "/embed_all": {"inputs": "a"},
    "/similarity": {"inputs": {"source_sentence": "a", "sentences": ["b"]}},
}


@pytest.mark.parametrize("path", EMBEDDING)
def test_cross_encoder_does_not_embed(ranker, path):
    reply = ranker[0].post(path, EMBEDDING[path])
    assert reply.status == 400 and "is a cross-encoder" in reply.body.decode()


def test_ollamas_clients_are_told_that_it_does_not_embed(ranker):
    assert ask(ranker[0], "/api/show", {"model": "judge"})["capabilities"] == []
    assert ranker[0].post("/api/embed", {"input": "a"}).status == 400


def test_information_calls_it_a_reranker(ranker):
    info = ranker[0].get("/info").json()
    assert info["model_type"] == {"reranker": {"id2label": {"0": "LABEL_0"}, "label2id": {"LABEL_0": 0}}}
    assert info["max_input_length"] == 64


def test_classifier_does_not_rerank(shared_data, start, tmp_path):
    server, expected = open_ranker(shared_data, start, tmp_path, "classify-bert-3")
    names = {str(i): f"LABEL_{i}" for i in range(3)}
    assert server.get("/info").json()["model_type"]["classifier"]["id2label"] == names
    reply = server.post("/rerank", {"query": "a", "texts": ["b"]})
    assert reply.status == 400 and "has 3 labels" in reply.json()["error"]


def softmax(logits):
    powers = [math.exp(logit) for logit in logits]
    return [power / sum(powers) for power in powers]


@pytest.fixture(scope="module")
def classifier(shared_data, servers, tmp_path_factory):
    model = tiny_models.make(shared_data, "classify-bert-3", tmp_path_factory.mktemp("classifier"))
    return servers(model, "--dtype", "float32"), json.loads((model / "expected.json").read_text())


def of_labels(prediction):
    """The scores in the labels' order."""
    scores = [row["score"] for row in prediction]
    assert scores == sorted(scores, reverse=True)
    return [row["score"] for row in sorted(prediction, key=lambda row: row["label"])]


def test_predict_gives_all_labels_the_best_first(classifier):
    server, expected = classifier
    pairs = [[expected["query"], passage] for passage in expected["passages"]]
    for raw, wanted in ((True, expected["logits"]), (False, [softmax(row) for row in expected["logits"]])):
        batch = ask(server, "/predict", {"inputs": pairs, "raw_scores": raw})
        for prediction, row in zip(batch, wanted, strict=True):
            assert_close(of_labels(prediction), row)
        assert ask(server, "/predict", {"inputs": pairs[0], "raw_scores": raw}) == batch[0]


def test_predict_takes_texts_too(classifier):
    server, _ = classifier
    alone = ask(server, "/predict", {"inputs": "a b"})
    assert ask(server, "/predict", {"inputs": ["a b"]}) == alone
    assert ask(server, "/predict", {"inputs": [["a b"], ["a", "b"]]}) == [alone, ask(server, "/predict", {"inputs": ["a", "b"]})]
    classes = ask(server, "/v1/classify", {"input": ["a b", "c"]})["data"]
    assert classes[0]["label"] == alone[0]["label"] and classes[0]["num_classes"] == 3
    assert classes[0]["probs"] == of_labels(alone)
    assert [row["index"] for row in classes] == [0, 1]
    raw = ask(server, "/v1/classify", {"input": "a b", "use_activation": False})["data"][0]["probs"]
    assert_close(softmax(raw), classes[0]["probs"])


def test_one_pair_is_one_input(shared_data, start, tmp_path):
    server, _ = open_ranker(shared_data, start, tmp_path, "classify-bert-3", "--max-client-batch-size", 1)
    pair = ask(server, "/predict", {"inputs": ["a", "b"]})
    assert ask(server, "/predict", {"inputs": [["a", "b"]]}) == [pair]
    for inputs, status in (([["a", "b"], ["a"]], 413), ([], 400), (["a", "b", "c"], 422)):
        assert server.post("/predict", {"inputs": inputs}).status == status


def test_predict_applies_no_function_of_others(classifier):
    reply = classifier[0].post("/predict", {"inputs": "a", "parameters": {"function_to_apply": "none", "top_k": 1}})
    assert reply.status == 422 and "'raw_scores'" in reply.json()["error"], reply.body
    assert classifier[0].post("/predict", {"inputs": "a", "parameters": {"top_k": 1}}).status == 200


@pytest.mark.parametrize("inputs", [["a", "b", "c"], [["a", "b", "c"]], [[]], [["a"], 7], {"a": "b"}, 7, None])
def test_predict_names_what_is_no_text_and_no_pair(classifier, inputs):
    reply = classifier[0].post("/predict", {"inputs": inputs})
    assert reply.status == 422 and "'inputs" in reply.json()["error"], reply.body


def test_score_of_one_with_many_and_of_as_many(ranker):
    server, expected = ranker
    scores = [row[0] for row in expected["scores"]]
    body = {"model": "judge", "text_1": expected["query"], "text_2": expected["passages"]}
    reply = ask(server, "/v1/score", body)
    assert [row["index"] for row in reply["data"]] == list(range(len(scores))) and reply["object"] == "list"
    assert_close([row["score"] for row in reply["data"]], scores)
    body = {"queries": [expected["query"]] * len(scores), "documents": expected["passages"]}
    assert ask(server, "/v1/score", body)["data"] == reply["data"]
    for bad in ({"text_1": ["a", "b"], "text_2": ["c"]}, {"text_1": "a"}, {"text_1": "a", "text_2": []}, {"text_1": 7, "text_2": "a"}):
        assert server.post("/v1/score", bad).status == 400, bad


def test_vllms_shapes(ranker, classifier):
    """Its names for the columns, its paths without a version, and 0 where it means all."""
    server, expected = ranker
    passages = expected["passages"]
    whole = ask(server, "/v1/rerank", {"query": expected["query"], "documents": passages})
    none = {"top_n": 0, "max_tokens_per_query": 0, "max_tokens_per_doc": 0, "priority": 0, "truncate_prompt_tokens": -1}
    body = {"model": "judge", "query": expected["query"], "documents": passages, **none}
    for path in ("/v1/rerank", "/v2/rerank", "/rerank"):
        assert [row["index"] for row in ask(server, path, body)["results"]] == [row["index"] for row in whole["results"]]
    assert ask(server, "/rerank", body)["results"] == whole["results"]
    assert ask(server, "/rerank", {**body, "documents": passages[0]})["results"][0]["document"]["text"] == passages[0]
    scores = ask(server, "/v1/score", {"text_1": expected["query"], "text_2": passages})["data"]
    for first, second in (("data_1", "data_2"), ("queries", "documents"), ("queries", "items"), ("text_1", "text_2")):
        assert ask(server, "/score", {first: expected["query"], second: passages})["data"] == scores
    texts = {"input": ["a b", "c"]}
    assert ask(classifier[0], "/classify", texts)["data"] == ask(classifier[0], "/v1/classify", texts)["data"]


def test_errors_of_rerank_are_of_one_shape(ranker):
    """TEI's, whose the path is, in whichever shape it is asked."""
    for body, status in (({"documents": ["a"]}, 422), ({"query": "a", "documents": []}, 400), ({"query": "a", "documents": "b", "model": "c"}, 404)):
        reply = ranker[0].post("/rerank", body)
        assert reply.status == status and set(reply.json()) == {"error", "error_type"}, reply


@pytest.mark.parametrize("side", ["right", "left"])
def test_vllms_truncation_of_pairs(ranker, side):
    """Cut as the tokenizer cuts pairs, the longer text first, at the end that is named."""
    tokenizers = pytest.importorskip("tokenizers")
    server, expected = ranker
    tokenizer = tokenizers.Tokenizer.from_file(expected["tokenizer"])
    tokenizer.enable_truncation(10, strategy="longest_first", direction=side)
    query, text = "a b c d e f", "g h i j k l m n o"
    kept = tokenizer.encode(query, text)
    parts = [" ".join(kept.tokens[i] for i in range(10) if kept.sequence_ids[i] == n) for n in (0, 1)]
    cut = {"query": query, "documents": text, "truncate_prompt_tokens": 10, "truncation_side": side, "raw_scores": True}
    reply = server.post("/v1/rerank", cut)
    assert reply.status == 200 and reply.json()["usage"]["total_tokens"] == 10 == len(kept.ids), reply
    assert reply.headers["x-truncated-inputs"] == "0"
    short = {"query": parts[0], "documents": parts[1], "raw_scores": True}
    assert len(tokenizer.encode(*parts).ids) == 10
    assert reply.json()["results"][0]["relevance_score"] == ask(server, "/v1/rerank", short)["results"][0]["relevance_score"]


def test_a_classifier_named_first_does_not_hide_the_ranker(shared_data, start, tmp_path):
    ranker = tiny_models.make(shared_data, "rank-bert", tmp_path)
    server, _ = open_ranker(shared_data, start, tmp_path, "classify-bert-3", "--model-id", ranker)
    rank = {"query": "a", "documents": ["b", "c"]}
    assert ask(server, "/v1/rerank", rank)["model"] == "rank-bert" == ask(server, "/rerank", rank)["model"]
    assert len(ask(server, "/v2/rerank", rank)["results"]) == len(ask(server, "/rerank", {"query": "a", "texts": ["b", "c"]})) == 2
    assert ask(server, "/v1/score", {"text_1": "a", "text_2": "b"})["model"] == "rank-bert"
    assert ask(server, "/v1/classify", {"input": "a"})["model"] == "classify-bert-3"
    assert server.post("/v1/rerank", {**rank, "model": "classify-bert-3"}).status == 400


def test_a_ranker_named_first_does_not_hide_the_embedder(shared_data, start, tmp_path, model):
    """What the playground asks for belongs together: /info, and vectors of no model by name."""
    server, _ = open_ranker(shared_data, start, tmp_path, "rank-bert", "--model-id", model)
    info = server.get("/info").json()
    assert info["dimensions"] == 384 and info["served_model_name"] == server.embed(input="a")["model"]
    assert "reranker" in server.get("/info?model=rank-bert").json()["model_type"]


@pytest.mark.parametrize("path", ["/", "/invocations"])
def test_root_does_what_the_model_is_for(ranker, classifier, path):
    body = {"query": "a", "texts": ["b", "c"]}
    assert ask(ranker[0], path, body) == ask(ranker[0], "/rerank", body)
    body = {"inputs": ["a", "b"]}
    assert ask(classifier[0], path, body) == ask(classifier[0], "/predict", body)


def test_coheres_clients(ranker):
    server, expected = ranker
    url = f"http://127.0.0.1:{server.port}"
    asked = {"model": "judge", "query": expected["query"], "documents": expected["passages"]}
    scores = [row[0] for row in expected["scores"]]
    second = cohere.ClientV2(api_key="any", base_url=url).rerank(**asked, top_n=2)
    assert [row.index for row in second.results] == sorted(range(len(scores)), key=lambda i: -scores[i])[:2]
    first = cohere.Client(api_key="any", base_url=url).rerank(**asked)
    assert_close([row.relevance_score for row in sorted(first.results, key=lambda row: row.index)], scores)
    assert first.results[0].document.text == expected["passages"][first.results[0].index]


LITELLM = """
import json, sys
import litellm

url, query, *texts = sys.argv[1:]
places = {"cohere": "/v2/rerank", "jina_ai": "/v1/rerank", "hosted_vllm": "/v1"}
found = {}
for name, place in places.items():
    reply = litellm.rerank(model=f"{name}/judge", query=query, documents=texts, api_base=url + place, api_key="any", top_n=len(texts))
    found[name] = [[row["index"], row["relevance_score"]] for row in reply.results]
print(json.dumps(found))
"""


def test_litellm_as_three_providers(ranker, tmp_path):
    server, expected = ranker
    url = f"http://127.0.0.1:{server.port}"
    printed = run_python("litellm", LITELLM, tmp_path, url, expected["query"], *expected["passages"])
    found = json.loads(printed.splitlines()[-1])
    assert list(found) == ["cohere", "jina_ai", "hosted_vllm"]
    scores = [row[0] for row in expected["scores"]]
    for rows in found.values():
        assert_close([score for _, score in sorted(rows)], scores)


SEQUENCE = '{"architectures": ["Qwen3ForSequenceClassification"], "pad_token_id": 0, "num_labels": 1, "id2label": null}'


@pytest.fixture(scope="module")
def spec(shared_data):
    """What runs the tiny models in float64."""
    return tiny_models.module(shared_data, "spec")


def test_decoder_judges_by_its_last_token(shared_data, start, tmp_path, spec):
    """Qwen's tokenizer ends a text with the token that pads, which transformers does not take for the last."""
    tokenizers = pytest.importorskip("tokenizers")
    model = tiny_models.make(shared_data, "qwen3-embedding", tmp_path, head={"score.weight": [1, 64]}, prefix="model.")
    (model / "modules.json").unlink()
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**config, **json.loads(SEQUENCE)}))
    tensors = spec.load(str(model / "model.safetensors"))
    plan = spec.describe(config, {name.removeprefix("model."): tensor for name, tensor in tensors.items()})
    tokenizer = tokenizers.Tokenizer.from_file(str(model / "tokenizer.json"))
    server = start(model, "--dtype", "float32", "--threads", 1).wait_ready()
    pairs = [("um gato", "dois"), ("a", "b c d"), ("Onde fica a capital?", "Brasília.")]
    for query, text in pairs:
        ids = tokenizer.encode(query, text).ids
        assert ids[-1] == 0
        last = max(i for i, token in enumerate(ids) if token != 0)
        wanted = float((spec.run(plan, np.array(ids))[last] @ tensors["score.weight"].T)[0])
        found = ask(server, "/rerank", {"query": query, "texts": [text], "raw_scores": True})
        assert_close([found[0]["score"]], [wanted])
