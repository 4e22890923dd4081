# SPDX-License-Identifier: Apache-2.0
"""The error table for the routes that take a body: each case is written once, and is a request and its
answer (as in a folder of tests/data/errors) on each of the routes that can meet it."""

from dataclasses import dataclass, field
from typing import Callable

from sending import long_texts

KEY = "sk-of-the-errors"
LOCKED = ["--api-key", KEY]
MISTAKE = "invalid_request_error"
RETRY = {"Retry-After": "1..60", "retry-after-ms": "1000..60000"}

# name: status, type and code in OpenAI's shape; status and error_type in TEI's; headers
ERRORS = {
    "not_json": (400, MISTAKE, None, 400, "Validation", {}),
    "bad_header": (400, MISTAKE, None, 400, "Validation", {"Connection": "close"}),
    "bad_request": (400, MISTAKE, None, 422, "Validation", {}),
    "empty_input": (400, MISTAKE, "empty_input", 400, "Empty", {}),
    "too_many_inputs": (400, MISTAKE, "too_many_inputs", 413, "Validation", {}),
    "too_long": (400, MISTAKE, "context_length_exceeded", 422, "Validation", {}),
    "invalid_token": (400, MISTAKE, "invalid_token", 422, "Tokenizer", {}),
    "too_many_tokens": (400, MISTAKE, "max_tokens_per_request", 422, "Validation", {}),
    "invalid_value": (400, MISTAKE, "invalid_value", 422, "Validation", {}),
    "invalid_api_key": (
        *(401, "authentication_error", "invalid_api_key", 401, "Validation"),
        {"WWW-Authenticate": "Bearer"},
    ),
    "model_not_found": (404, MISTAKE, "model_not_found", 404, "Validation", {}),
    "method_not_allowed": (
        *(405, MISTAKE, "method_not_allowed", 405, "Validation"),
        {"Allow": "POST"},
    ),
    "request_timeout": (408, MISTAKE, "request_timeout", 408, "Validation", {}),
    "payload_too_large": (413, MISTAKE, "payload_too_large", 413, "Validation", {}),
    "unsupported_media_type": (415, MISTAKE, "unsupported_media_type", 415, "Validation", {}),
    "header_too_large": (
        *(431, MISTAKE, "header_too_large", 431, "Validation"),
        {"Connection": "close"},
    ),
    "unknown_coding": (
        *(501, MISTAKE, "unknown_transfer_coding", 501, "Validation"),
        {"Connection": "close"},
    ),
    "overloaded": (429, "rate_limit_error", "overloaded", 429, "Overloaded", RETRY),
    "vector_not_finite": (500, "server_error", "vector_not_finite", 500, "Backend", {}),
    "loading": (503, "server_error", "loading", 503, "Unhealthy", RETRY),
    "draining": (503, "server_error", "draining", 503, "Unhealthy", RETRY),
}


def plain_body(route, items, options):
    return {**({route.items: items} if route.items else {}), **options}


def pairs_body(route, items, options):
    return {"inputs": {"source_sentence": "a", "sentences": items}, "parameters": options}


@dataclass(frozen=True)
class Route:
    path: str
    items: str | None  # the field with the inputs; None: nothing that it is given is good
    takes: str  # what else it can do, for the cases below
    shape: str = "openai"  # of its errors
    options: str = ""  # what the path of every other field begins with
    dimensions: str = "dimensions"
    body_of: Callable = plain_body
    good: object = "a"
    methods: str = "POST"  # that its path takes
    flags: tuple = ()  # of the server that has it
    url: str | None = None  # what is asked for where the path is a pattern

    def body(self, items, **options):
        return self.body_of(self, items, options)


# takes: (t)exts, token (i)ds, (d)imensions, a (p)rompt, a (m)odel, (l)eft or right to be cut;
# (e)ncodes what it is given
ROUTES = [
    Route("/v1/embeddings", "input", "tidpme"),
    Route("/embeddings", "input", "tidpme"),
    Route("/v1/similarity", "input", "tdpme"),
    Route("/v2/embed", "texts", "tdpme", "cohere", dimensions="output_dimension"),
    Route("/v1/embed", "texts", "tdpme", "cohere", dimensions="output_dimension"),
    Route("/openai/v1/embeddings", "input", "tidpme"),
    Route(
        *("/openai/deployments/{deployment}/embeddings", "input", "tidpe"),
        flags=("--model-alias", "ada"),
        url="/openai/deployments/ada/embeddings?api-version=2024-10-21",
    ),
    Route("/api/embed", "input", "tidpme", "ollama"),
    Route("/api/embeddings", None, "", "ollama"),
    Route("/api/show", None, "", "ollama"),
    Route("/embedding", "content", "tidpme", "llama"),
    Route("/embed", "inputs", "tidpel", "tei"),
    Route("/", "inputs", "tidpel", "tei", methods="GET, HEAD, POST"),
    Route("/invocations", "inputs", "tidpel", "tei"),
    Route("/vertex", None, "", "tei"),
    Route("/embed_all", "inputs", "tipel", "tei"),
    Route("/embed_sparse", None, "", "tei"),
    Route("/similarity", "inputs.sentences", "tdpel", "tei", "parameters.", body_of=pairs_body),
    Route("/tokenize", "inputs", "tp", "tei"),
    Route("/decode", "ids", "i", "tei", good=[7]),
    Route("/rerank", None, "", "tei"),
    Route("/v1/rerank", None, ""),
    Route("/v2/rerank", None, "", "cohere"),
    Route("/predict", None, "", "tei"),
    Route("/v1/score", None, ""),
    Route("/v1/classify", None, ""),
    Route("/score", None, ""),
    Route("/classify", None, ""),
]


def words(n):
    return " ".join(["hello"] * n)


@dataclass(frozen=True)
class Case:
    name: str
    error: str
    request: Callable  # of a route
    needs: str = ""  # of what the route takes
    param: Callable = lambda route: None  # the field that is named
    message: list = field(default_factory=list)
    for_items: bool = False  # not for a route that takes no inputs


def same(**request):
    return lambda route: request


def good_body(**request):
    return lambda route: {"json": route.body([route.good]), **request}


def items_body(*items, **request):
    """Where ids alone are taken, a list of them stands for the text "a"."""

    def request_to(route):
        fitting = [route.good if item == "a" else item for item in items]
        return {"json": route.body(fitting), **request}

    return request_to


def option_body(option, value):
    def request(route):
        name = route.dimensions if option == "dimensions" else option
        return {"json": route.body([route.good], **{name: value})}

    return request


def items_path(suffix=""):
    return lambda route: route.items + suffix


def option_path(option):
    def path(route):
        return route.options + (route.dimensions if option == "dimensions" else option)

    return path


# fmt: off
CASES = [
    Case("body-empty", "not_json", same(text=[""])),
    Case("body-not-json", "not_json", same(text=['{"input": "a"']), message=["JSON"]),
    Case("body-a-list", "bad_request", same(json=["a"]), message=["object"]),
    Case("body-not-utf8", "not_json", same(hex=b'{"input":"\xff"}'.hex()), message=["UTF-8"]),
    Case("body-nested-too-deep", "not_json",
         same(text=['{"x": ', ["[", 5000], ["]", 5000], "}"]), message=["deep"]),
    Case("field-twice", "bad_request", same(text=['{"x": 1, "x": 2}']),
         param=lambda route: "x", message=["twice"]),
    Case("inputs-missing", "bad_request", same(json={"x": 1}), for_items=True,
         param=lambda route: route.items.split(".")[0], message=["missing"]),
    Case("inputs-a-number", "bad_request", lambda route: {"json": route.body(7)}, for_items=True,
         param=items_path(), message=["number"]),
    Case("item-an-object", "bad_request", items_body("a", {}), for_items=True,
         param=items_path("[1]"), message=["object"]),
    Case("no-inputs", "empty_input", items_body(), for_items=True, param=items_path()),
    Case("text-empty", "empty_input", items_body("a", ""), "t", param=items_path(),
         message=["[1]"]),
    Case("ids-empty", "empty_input", items_body([7], []), "i", param=items_path(),
         message=["[1]"]),
    Case("inputs-too-many", "too_many_inputs",
         items_body(*"aaaa", options=["--max-client-batch-size", "3"]), for_items=True,
         param=items_path(), message=["4", "3"]),
    Case("text-too-long", "too_long",
         lambda route: {"json": route.body(["a", words(298)], truncate=False)}, "te",
         param=items_path(), message=["[1]", "300", "256"]),
    Case("token-unknown", "invalid_token", items_body([7], [7, 30522]), "i", param=items_path(),
         message=["[1][1]", "30522", "tokenizer"]),
    Case("tokens-too-many", "too_many_tokens",
         items_body(*[words(6)] * 5, options=["--max-request-tokens", "38"]), "t",
         param=lambda route: route.items.replace("sentences", "source_sentence"), message=["38"]),
    Case("ids-too-many", "too_many_tokens",
         items_body(*[[7] * 8] * 5, options=["--max-request-tokens", "38"]), "i",
         param=items_path(), message=["38"]),
    Case("dimensions-too-many", "invalid_value", option_body("dimensions", 385), "d",
         param=option_path("dimensions"), message=["385", "384"]),
    Case("dimensions-a-text", "bad_request", option_body("dimensions", "64"), "d",
         param=option_path("dimensions"), message=["number"]),
    Case("prompt-unknown", "invalid_value", option_body("prompt_name", "nobody's"), "p",
         param=option_path("prompt_name"), message=["nobody's"]),
    Case("truncate-unknown", "invalid_value", option_body("truncate", "MIDDLE"), "e",
         param=option_path("truncate"), message=["MIDDLE", "START"]),
    Case("direction-unknown", "invalid_value", option_body("truncation_direction", "Up"), "l",
         param=option_path("truncation_direction"), message=["Left", "Right"]),
    Case("key-missing", "invalid_api_key", good_body(options=LOCKED)),
    Case("key-wrong", "invalid_api_key",
         good_body(options=LOCKED, headers={"Authorization": "Bearer sk-of-a-stranger"})),
    Case("model-unknown", "model_not_found", option_body("model", "gpt-5"), "m",
         param=lambda route: "model", message=["gpt-5"]),
    Case("method-get", "method_not_allowed", same(method="GET")),
    Case("method-put", "method_not_allowed", good_body(method="PUT")),
    Case("body-stalls", "request_timeout", same(how="stall", options=["--request-timeout", "1"]),
         message=["1"]),
    Case("body-too-large", "payload_too_large",
         same(text=[["a", 2000]], options=["--payload-limit", "1024"]), message=["1024"]),
    Case("media-type-text", "unsupported_media_type",
         good_body(headers={"Content-Type": "text/plain"}), message=["application/json"]),
    Case("body-compressed", "unsupported_media_type",
         good_body(headers={"Content-Encoding": "gzip"}), message=["Content-Encoding", "gzip"]),
    Case("host-malformed", "bad_header", good_body(headers={"Host": "a b"}), message=["Host", "a b"]),
    Case("header-too-large", "header_too_large", good_body(headers={"X-Long": "a" * 25000}),
         message=["24576"]),
    Case("coding-unknown", "unknown_coding",
         good_body(headers={"Transfer-Encoding": "gzip, chunked"}), message=["gzip", "chunked"]),
    Case("requests-too-many", "overloaded",
         good_body(how="while-busy", options=["--max-concurrent-requests", "1"])),
    Case("queue-full", "overloaded",
         items_body(*long_texts(64), how="while-busy", options=["--max-queue-tokens", "16384"]),
         "te"),
    Case("vector-not-finite", "vector_not_finite", items_body("a", "[MASK]", model="poisoned"),
         "te", param=items_path(), message=["[1]"]),
    Case("loading", "loading", good_body(how="while-loading", model="slow")),
    # Of /embed_all, which has no dimensions, a request may not hold so many tokens.
    Case("draining", "draining", items_body(*long_texts(1500), how="while-draining"), "ted"),
]
# fmt: on


def answer(case, route):
    status, kind, code, tei_status, tei_type, headers = ERRORS[case.error]
    param = case.param(route)
    message = [*case.message, *([param] if param else [])]
    if "Allow" in headers:
        headers = {"Allow": route.methods}
    expected = {"status": status, "headers": headers, "message": message}
    if route.shape == "tei":
        return {**expected, "status": tei_status, "error_type": tei_type}
    if route.shape == "llama":
        return {**expected, "shape": route.shape, "error": {"code": status, "type": kind}}
    error = {"type": kind, "code": code, "param": param}
    return {**expected, "shape": route.shape, "error": error}


def meets(case, route):
    if case.name == "method-get" and "GET" in route.methods:
        return False
    return set(case.needs) <= set(route.takes) and (route.items or not case.for_items)


def request_of(case, route):
    request = case.request(route)
    flags = [*request.get("options", []), *route.flags]
    return {"path": route.url or route.path, **request, **({"options": flags} if flags else {})}


def cases():
    """{name: (request, expected)}"""
    return {
        f"{case.name} {route.path}": (request_of(case, route), answer(case, route))
        for case in CASES
        for route in ROUTES
        if meets(case, route)
    }
