# SPDX-License-Identifier: Apache-2.0
"""Dashboard, alerts and the files around them speak of what a server really exports, and of each other's names."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"
ALERTS = DOCKER / "prometheus/alerts.yaml"
CASES = DOCKER / "prometheus/alerts.test.yaml"


@pytest.fixture(scope="module")
def promtool():
    path = shutil.which("promtool")
    if not path:
        pytest.skip("promtool, of Debian's package prometheus, is not on the PATH")

    def run(*arguments):
        done = subprocess.run([path, *map(str, arguments)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr

    return run


def read_yaml(path):
    return pytest.importorskip("yaml").safe_load(path.read_text())


def panels():
    return json.loads((DOCKER / "grafana/nestd.json").read_text())["panels"]


def targets():
    return [target for panel in panels() for target in panel.get("targets", [])]


def fill_in(expression):
    """Grafana's variables."""
    return expression.replace("$__rate_interval", "5m").replace("$job", "nestd").replace("$instance", ".*")


def panel_expressions():
    return [fill_in(target["expr"]) for target in targets()]


def alert_rules():
    return [rule for group in read_yaml(ALERTS)["groups"] for rule in group["rules"]]


def metrics_of(expressions):
    return {name for e in expressions for name in re.findall(r"\b(?:nestd|process)_[a-z]\w+", e)}


@pytest.fixture(scope="module")
def scrape(servers, model, certificate):
    """With two models, or none has a label; and with a certificate, since its end is told only then."""
    second = ("--model-id", model, "--served-model-name", "second")
    return servers(model, *second, *certificate.options, trusted=certificate.certificate).get("/metrics").body.decode()


def expressions():
    return panel_expressions() + [rule["expr"] for rule in alert_rules()]


def test_a_server_exports_every_metric_that_is_named(scrape):
    exported = set(re.findall(r"^(\w+)[{ ]", scrape, re.M))
    named = metrics_of(expressions())
    assert len(named) > 30
    assert named - exported == set()


def test_no_file_names_a_metric_that_is_not_exported(scrape):
    """Nor a text: the chart, configurations, README, guide. A histogram may be called by its family."""
    exported = set(re.findall(r"^(\w+)[{ ]", scrape, re.M)) | set(re.findall(r"^# TYPE (\w+)", scrape, re.M))
    files = [path for path in DOCKER.rglob("*") if path.is_file()]
    files += [ROOT / "README.md", ROOT / "server/README.md", *(ROOT / "server/web/guide").glob("*.html")]
    modules = {path.stem for path in DOCKER.rglob("*.py")}
    named = {path.relative_to(ROOT).as_posix(): metrics_of([path.read_text()]) - modules for path in files}
    assert {path for path, names in named.items() if names} >= {
        "README.md",
        "docker/grafana/nestd.json",
        "docker/helm/nestd/templates/autoscaling.yaml",
        "docker/prometheus/alerts.yaml",
        "server/web/guide/moving.html",
    }
    assert {path: names - exported for path, names in named.items() if names - exported} == {}


def test_labels_that_are_named_exist(scrape):
    exported = set(re.findall(r'[{,](\w+)="', scrape))
    named = {label for e in expressions() for by in re.findall(r"by \(([^)]+)\)", e) for label in by.split(", ")}
    named |= {label for target in targets() for label in re.findall(r"{{(\w+)}}", target.get("legendFormat", ""))}
    given_by_prometheus = {"job", "instance"}
    assert named - given_by_prometheus == {"le", "model", "reason", "route"} <= exported


def test_no_two_lines_of_a_panel_have_one_name(scrape):
    """What is of a model, and not added up, is shown with the model's name."""
    of_model = set(re.findall(r'^(\w+){[^}]*model="', scrape, re.M))
    plain = [t for t in targets() if not re.search(r"\b(?:sum|min|max)\b", t["expr"]) and metrics_of([t["expr"]]) & of_model]
    assert plain and all("{{model}}" in target["legendFormat"] for target in plain)


def test_panels_add_up_the_models_of_a_server(promtool, tmp_path):
    loaded = {("1", "a"): 1, ("1", "b"): 0, ("2", "a"): 1, ("2", "b"): 1}
    backlog = {("1", "a"): 2, ("1", "b"): 3, ("2", "a"): 4, ("2", "b"): 0}
    series = [
        {"series": f'{name}{{job="nestd", instance="{instance}", model="{model}"}}', "values": f"{value}x5"}
        for name, values in (("nestd_model_ready", loaded), ("nestd_backlog_seconds", backlog))
        for (instance, model), value in values.items()
    ]
    shown = {"Ready replicas": 1, "Backlog": 5}
    tests = [
        {"expr": fill_in(panel["targets"][0]["expr"]), "eval_time": "2m", "exp_samples": [{"value": shown[panel["title"]]}]}
        for panel in panels()
        if panel["type"] == "stat" and panel["title"] in shown
    ]
    assert len(tests) == 2
    path = tmp_path / "panels.json"
    path.write_text(json.dumps({"tests": [{"interval": "1m", "input_series": series, "promql_expr_test": tests}]}))
    promtool("test", "rules", path)


def test_routes_that_are_named_exist(scrape):
    exported = set(re.findall(r'route="([^"]+)"', scrape))
    named = {route for e in expressions() for routes in re.findall(r'route!~"([^"]+)"', e) for route in routes.split("|")}
    assert len(named) == 5 and named <= exported


def test_the_dashboard_has_its_four_rows_and_no_panel_over_another():
    assert [p["title"] for p in panels() if p["type"] == "row"] == ["Is it well", "Load", "Where time goes", "Machine"]
    cells = [
        (x, y)
        for g in (p["gridPos"] for p in panels())
        for x in range(g["x"], g["x"] + g["w"])
        for y in range(g["y"], g["y"] + g["h"])
    ]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) == 23
    assert len({p["id"] for p in panels()}) == len(panels())
    assert all(p["description"] and p["targets"] for p in panels() if p["type"] != "row")


def test_prometheus_reads_every_expression_of_the_dashboard(promtool, tmp_path):
    rules = [{"record": f"panel:{i}", "expr": e} for i, e in enumerate(panel_expressions())]
    path = tmp_path / "panels.yaml"
    path.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    promtool("check", "rules", path)


def test_alerts_fire_when_they_should(promtool):
    promtool("check", "config", DOCKER / "prometheus/prometheus.yaml")
    promtool("test", "rules", CASES)


def test_every_alert_is_tried_silent_and_firing():
    tried = {rule["alert"]: set() for rule in alert_rules()}
    for case in read_yaml(CASES)["tests"]:
        for alert in case["alert_rule_test"]:
            tried[alert["alertname"]].add(bool(alert["exp_alerts"]))
    assert {name: kinds for name, kinds in tried.items() if kinds != {False, True}} == {}


def test_the_files_of_the_cluster_name_each_other():
    compose = read_yaml(DOCKER / "compose.cluster.yaml")
    services = set(compose["services"])
    replicas = {name for name in services if name.startswith("nestd")}
    assert replicas == set(re.findall(r"^    server (\w+) ", (DOCKER / "haproxy.cfg").read_text(), re.M))
    assert replicas == set(re.findall(r"^ +server (\w+):8080 ", (DOCKER / "nginx.conf").read_text(), re.M))
    scraped = read_yaml(DOCKER / "prometheus/prometheus.yaml")["scrape_configs"]
    targets = [target for job in scraped for some in job["static_configs"] for target in some["targets"]]
    assert {target.split(":")[0] for target in targets} == replicas | {"haproxy"}
    assert read_yaml(DOCKER / "grafana/datasources.yaml")["datasources"][0]["url"] == "http://prometheus:9090"
    for service in compose["services"].values():
        for volume in service["volumes"]:
            source = volume.split(":")[0]
            if source.startswith("."):
                assert source == "../models" or (DOCKER / source).exists(), volume
            else:
                assert source in compose["volumes"], volume
