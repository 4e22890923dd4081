# SPDX-License-Identifier: Apache-2.0
"""The runtime for KServe, as far as it can be tried without KServe: its container fits Kubernetes' schema and is run here."""

import json
import pathlib
import re

import pytest
from image import image_environment, image_port

yaml = pytest.importorskip("yaml")

ROOT = pathlib.Path(__file__).resolve().parents[2]
GRACE_S = 30  # a pod's, where nobody says another


@pytest.fixture(scope="module")
def runtime():
    return yaml.safe_load((ROOT / "docker/kserve/runtime.yaml").read_text())


@pytest.fixture(scope="module")
def container(runtime):
    (one,) = runtime["spec"]["containers"]
    return one


def test_the_container_fits_its_schema(container):
    schemas = pytest.importorskip("kubernetes_validate")
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one"}, "spec": {"containers": [container]}}
    schemas.validate(pod, "1.35", strict=True)
    wrong = json.loads(json.dumps(pod))
    wrong["spec"]["containers"][0]["livenessProbe"]["period"] = 10
    with pytest.raises(schemas.ValidationError):
        schemas.validate(wrong, "1.35", strict=True)


def test_kserve_finds_what_it_looks_for(runtime, container):
    assert (runtime["apiVersion"], runtime["kind"]) == ("serving.kserve.io/v1alpha1", "ClusterServingRuntime")
    assert set(runtime["spec"]) == {"annotations", "supportedModelFormats", "containers"}
    assert container["name"] == "kserve-container"
    chosen = [one["name"] for one in runtime["spec"]["supportedModelFormats"] if one["autoSelect"]]
    assert chosen == ["sentence-transformers"]


def test_ports_are_the_images(runtime, container):
    ports = [one["containerPort"] for one in container["ports"]]
    ports += [container[probe]["httpGet"]["port"] for probe in ("livenessProbe", "readinessProbe")]
    ports.append(int(runtime["spec"]["annotations"]["prometheus.kserve.io/port"]))
    ports.append(int(image_environment()["PORT"]))
    assert set(ports) == {image_port()}


def test_a_pod_may_drain_before_it_is_killed(container):
    options = dict(re.findall(r"^--(\S+)=(\d+)$", "\n".join(container["args"]), re.M))
    assert int(options["drain-delay"]) + int(options["drain-timeout"]) < GRACE_S
    # Failed probes must have been seen before the port closes.
    probe = container["readinessProbe"]
    assert probe["periodSeconds"] * probe["failureThreshold"] + probe["timeoutSeconds"] < int(options["drain-delay"])


def test_requests_are_the_limits(container):
    assert container["resources"]["requests"] == container["resources"]["limits"]
    assert container["resources"]["limits"]["cpu"].isdigit()


def test_it_runs_and_answers_where_kserve_asks(runtime, container, start, model):
    """The container's arguments as KServe fills them in, with the image's environment but its port and address."""
    args = [argument.replace("{{.Name}}", "minilm") for argument in container["args"]]
    assert "--model-id=/mnt/models" in args
    args.remove("--model-id=/mnt/models")
    args.remove("--drain-delay=10")  # the test need not wait for it
    image = {name: value for name, value in image_environment().items() if name not in ("PORT", "NESTD_HOSTNAME")}
    server = start(model, *args, env={**image, "NESTD_DRAIN_DELAY": "0"}).wait_ready()
    for probe in ("livenessProbe", "readinessProbe"):
        assert server.get(container[probe]["httpGet"]["path"]).status == 200
    assert server.get(runtime["spec"]["annotations"]["prometheus.kserve.io/path"]).body.startswith(b"#")
    replies = [server.post(path, {"input": "a cat", "model": "minilm"}) for path in ("/v1/embeddings", "/openai/v1/embeddings")]
    assert [reply.status for reply in replies] == [200, 200]
    assert replies[0].json() == replies[1].json()
    assert server.post("/v1/embeddings", {"input": "a cat", "model": "models"}).status == 404
