# SPDX-License-Identifier: Apache-2.0
"""The Helm chart and the kustomize base. HELM is a folder with helm and kubectl (tests/run makes it). What KEDA and Prometheus
Operator define is not in the schemas."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from harness import run_to_end

yaml = pytest.importorskip("yaml")

ROOT = pathlib.Path(__file__).resolve().parents[2]
CHART = ROOT / "docker/helm/nestd"
KUSTOMIZE = ROOT / "docker/kustomize"
VERSION = "1.35"
FOREIGN = ("ScaledObject", "ServiceMonitor", "PrometheusRule")

CASES = {
    "defaults": [],
    "claim": ["model.source=claim", "model.claim.name=models"],
    "download": ["model.source=download", "model.download.id=BAAI/bge-small-en-v1.5", "model.download.hubSecret=hub"],
    "models": ["model.source=claim", "model.claim.name=models", "models[0].model_id=/models/a", "models[1].model_id=/models/b"],
    "models of the hub": ["model.source=download", "models[0].model_id=acme/a", "models[1].model_id=acme/b", "models[1].dtype=int8"],
    "keda": ["autoscaling.kind=keda"],
    "hpa": ["autoscaling.kind=hpa"],
    "all": [
        "monitoring.enabled=true",
        "monitoring.labels.release=prometheus",
        "networkPolicy.enabled=true",
        "apiKeysSecret=keys",
        "options.max-batch-tokens=1024",
        "image.digest=sha256:" + "0" * 64,
    ],
    "one replica": ["replicas=1", "drain.delay=0"],
}

REFUSED = [
    ("replicas=0", "replicas"),
    ("model.source=s3", "model/source"),
    ("model.source=claim", "claim/name"),
    ("model.source=download", "download/id"),
    ("models[0].dtype=int8", "model_id"),
    ("models[0].model_id=/model", "models/0/model_id"),
    ("model.source=download,models[0].model_id=/models/a", "models/0/model_id"),
    ("models[0].model_id=/models,models[0].port=80", "port"),
    ("models[0].model_id=/models,models[0].hf_token=secret", "hf_token"),
    ("resources.cpu=500m", "resources/cpu"),
    ("resources.ephemeral-storage=none", "resources/ephemeral-storage"),
    ("image.digest=latest", "image/digest"),
    ("autoscaling.kind=vpa", "autoscaling/kind"),
    ("options.port=9090", "port"),
    ("options.api-key=sk-1", "api-key"),
    ("options.tls-cert=/tls.crt", "tls-cert"),
    ("replica=3", "replica"),
    ("autoscaling.min=20", "autoscaling.min is more than autoscaling.max"),
]


def find_tool(name):
    path = shutil.which(name, path=os.environ.get("HELM", ""))
    if not path:
        pytest.skip(f"HELM names no folder with {name}")
    return path


def helm(*arguments):
    done = subprocess.run([find_tool("helm"), *map(str, arguments)], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout, done.stderr


def template(settings, version=f"{VERSION}.0"):
    options = [option for setting in settings for option in ("--set", setting)]
    return helm("template", "nestd", CHART, "--namespace", "prod", "--kube-version", version, *options)


@pytest.fixture(scope="module")
def rendered():
    """{case: its objects}"""
    objects = {}
    for case, settings in CASES.items():
        code, out, err = template(settings)
        assert code == 0, err
        objects[case] = [one for one in yaml.safe_load_all(out) if one]
    return objects


def find(objects, kind):
    return [one for one in objects if one["kind"] == kind]


def pod(objects):
    return find(objects, "Deployment")[0]["spec"]["template"]["spec"]


def test_helm_has_no_complaint():
    code, out, err = helm("lint", "--strict", CHART)
    assert code == 0 and "WARNING" not in out and "ERROR" not in out, out + err


def test_objects_fit_their_schemas(rendered):
    schemas = pytest.importorskip("kubernetes_validate")
    everything = [one for objects in rendered.values() for one in objects]
    ours = [one for one in everything if one["kind"] not in FOREIGN]
    assert {one["kind"] for one in everything} - {one["kind"] for one in ours} == set(FOREIGN)
    assert {one["kind"] for one in ours} == {
        "ConfigMap",
        "Deployment",
        "Service",
        "PodDisruptionBudget",
        "HorizontalPodAutoscaler",
        "NetworkPolicy",
    }
    for one in ours:
        schemas.validate(one, VERSION, strict=True)
    wrong = json.loads(json.dumps(find(ours, "Deployment")[0]))
    wrong["spec"]["replicas"] = "two"
    with pytest.raises(schemas.ValidationError, match="'two' is not of type 'integer'"):
        schemas.validate(wrong, VERSION, strict=True)


@pytest.mark.parametrize("setting, named", REFUSED)
def test_wrong_values_are_refused_by_name(setting, named):
    code, _, err = template([setting])
    assert code != 0 and named in err, err


def test_a_kubernetes_without_image_volumes_is_refused():
    code, _, err = template([], "1.30.0")
    assert code != 0 and "needs Kubernetes 1.31" in err
    assert template(CASES["claim"], "1.30.0")[0] == 0


@pytest.mark.parametrize("case", CASES)
def test_pods_are_confined_and_may_drain(rendered, case):
    spec = pod(rendered[case])
    assert spec["enableServiceLinks"] is False and spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] and spec["securityContext"]["runAsUser"] == 10001
    for container in spec["containers"] + spec.get("initContainers", []):
        assert container["resources"]["requests"] == container["resources"]["limits"]
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
    arguments = dict(a[2:].split("=") for a in spec["containers"][0]["args"])
    drain_s = int(arguments["drain-delay"]) + int(arguments["drain-timeout"])
    assert spec["terminationGracePeriodSeconds"] > drain_s
    budgets = find(rendered[case], "PodDisruptionBudget")
    assert len(budgets) == (0 if case == "one replica" else 1)


@pytest.mark.parametrize("case", CASES)
def test_storage_is_bounded_and_has_room_for_a_download(rendered, case):
    spec = pod(rendered[case])
    volume = next(one for one in spec["volumes"] if one["name"] == "model")
    for container in spec["containers"] + spec.get("initContainers", []):
        assert container["resources"]["limits"]["ephemeral-storage"] == volume.get("emptyDir", {}).get("sizeLimit", "128Mi")


@pytest.mark.parametrize("case", CASES)
def test_nestd_takes_what_it_is_given(rendered, case, binary):
    """Its options and its environment: a wrong one would end it at once."""
    container = pod(rendered[case])["containers"][0]
    help_text = subprocess.run([binary, "--help"], capture_output=True, text=True, timeout=60).stdout
    for argument in container["args"]:
        assert re.search(rf"^ *{argument.split('=')[0]}\b", help_text, re.M), argument
    named = {one["name"] for one in container.get("env", [])}
    assert named <= {"MODEL_ID", "REVISION", "HF_HUB_CACHE", "HF_HUB_OFFLINE"}


def test_options_of_a_values_file_keep_their_digits(tmp_path):
    """--set makes whole numbers; in a file all are floats."""
    values = {"payload-limit": 10000000, "stall-timeout": 2.5, "auto-truncate": False, "cache-size": "64MiB"}
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump({"options": values}))
    code, out, err = helm("template", "nestd", CHART, "--kube-version", f"{VERSION}.0", "--values", path)
    assert code == 0, err
    arguments = pod([one for one in yaml.safe_load_all(out) if one])["containers"][0]["args"]
    assert {"--payload-limit=10000000", "--stall-timeout=2.5", "--auto-truncate=false", "--cache-size=64MiB"} <= set(arguments)


def test_each_model_may_have_the_options_that_are_a_models():
    schema = json.loads((CHART / "values.schema.json").read_text())
    ours = re.findall(r"^OF_MODEL\((\w+)\)", (ROOT / "config/options.def").read_text(), re.M)
    assert schema["properties"]["models"]["items"]["propertyNames"]["enum"] == ours


def test_nestd_takes_the_models_of_a_values_file(binary, tmp_path):
    models = [
        {"model_id": "/models/tiny-mean", "default_prompt": 'q <"&">: ', "max_queue_tokens": 10000000, "matryoshka_dims": [4, 2]},
        {"model_id": "/models/tiny-cls", "served_model_name": "b", "dtype": "float32", "auto_truncate": False},
    ]
    values = {"model": {"source": "claim", "claim": {"name": "models"}}, "models": models}
    path = tmp_path / "values.yaml"
    path.write_text(yaml.safe_dump(values))
    code, out, err = helm("template", "nestd", CHART, "--kube-version", f"{VERSION}.0", "--values", path)
    assert code == 0, err
    config = find([one for one in yaml.safe_load_all(out) if one], "ConfigMap")[0]["data"]["nestd.json"]
    assert json.loads(config) == {"models": models}
    file = tmp_path / "nestd.json"
    for where, status in {ROOT / "tests/data/models": 0, tmp_path: 2}.items():
        file.write_text(config.replace('"/models', f'"{where}'))
        done = run_to_end(binary, "--check-config", "--config", file)
        assert done.returncode == status, done.stdout + done.stderr


@pytest.mark.parametrize("case, containers", [("models", 1), ("models of the hub", 2)])
def test_every_container_has_the_models(rendered, case, containers):
    spec = pod(rendered[case])
    found = spec["containers"] + spec.get("initContainers", [])
    assert len(found) == containers
    config = find(rendered[case], "ConfigMap")[0]
    assert {"name": "config", "configMap": {"name": config["metadata"]["name"]}} in spec["volumes"]
    for container in found:
        mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
        assert f"--config={mounts['config']}/{list(config['data'])[0]}" in container["args"]
        assert not {"MODEL_ID", "REVISION"} & {one["name"] for one in container.get("env", [])}


def test_other_models_make_other_pods():
    def pods(settings):
        objects = [one for one in yaml.safe_load_all(template(settings)[1]) if one]
        return find(objects, "Deployment")[0]["spec"]["template"]

    assert pods(CASES["models"]) == pods(CASES["models"])
    assert pods(CASES["models"]) != pods([*CASES["models"], "models[1].dtype=int8"])


def test_scaling_sums_the_models():
    """Each has a series of its own; where there is one model, it has no label."""
    one = ["autoscaling.kind=keda", "models[0].model_id=/models/a"]
    for settings, series in {
        tuple(one): ["nestd_backlog_seconds"],
        (*one, "models[1].model_id=/models/more/b", "models[2].model_id=/models/c", "models[2].served_model_name=d"): [
            'nestd_backlog_seconds{model="a"}',
            'nestd_backlog_seconds{model="b"}',
            'nestd_backlog_seconds{model="d"}',
        ],
    }.items():
        scaled = find([one for one in yaml.safe_load_all(template(settings)[1]) if one], "ScaledObject")[0]["spec"]
        assert [trigger["metadata"]["valueLocation"] for trigger in scaled["triggers"]] == series
        if len(series) > 1:
            assert scaled["advanced"]["scalingModifiers"]["formula"].split(" + ") == [trigger["name"] for trigger in scaled["triggers"]]
        else:
            assert "scalingModifiers" not in scaled["advanced"]


def test_services_alerts_and_scaling_name_the_same(rendered):
    objects = rendered["all"]
    pods = find(objects, "Deployment")[0]["spec"]["template"]["metadata"]["labels"]
    selectors = [one["spec"]["selector"] for one in find(objects, "Service")]
    selectors += [find(objects, kind)[0]["spec"][field]["matchLabels"] for kind, field in (
        ("Deployment", "selector"), ("PodDisruptionBudget", "selector"), ("NetworkPolicy", "podSelector"))]
    assert len(selectors) == 5 and all(selector.items() <= pods.items() for selector in selectors)
    watched = find(objects, "ServiceMonitor")[0]["spec"]
    services = [s for s in find(objects, "Service") if watched["selector"]["matchLabels"].items() <= s["metadata"]["labels"].items()]
    assert len(services) == 1, "each pod is scraped once"
    assert services[0]["metadata"]["labels"][watched["jobLabel"]] == "nestd"
    alerts = yaml.safe_load((ROOT / "docker/prometheus/alerts.yaml").read_text())
    assert find(objects, "PrometheusRule")[0]["spec"] == alerts
    scaled = find(rendered["keda"], "ScaledObject")[0]["spec"]
    assert scaled["scaleTargetRef"]["name"] == find(rendered["keda"], "Deployment")[0]["metadata"]["name"]
    assert scaled["triggers"][0]["metadata"]["url"] == "http://nestd.prod.svc:8080/metrics"
    for case in ("keda", "hpa"):
        assert "replicas" not in find(rendered[case], "Deployment")[0]["spec"], "the autoscaler's to set"


def test_the_kustomize_base_is_what_the_chart_makes():
    code, out, err = helm("template", "nestd", CHART, "--kube-version", f"{VERSION}.0")
    assert code == 0, err
    assert (KUSTOMIZE / "nestd.yaml").read_text() == out
    done = subprocess.run([find_tool("kubectl"), "kustomize", KUSTOMIZE], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    made = [one for one in yaml.safe_load_all(done.stdout)]
    assert sorted(one["kind"] for one in made) == ["Deployment", "PodDisruptionBudget", "Service", "Service"]
