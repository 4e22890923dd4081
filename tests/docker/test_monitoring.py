# SPDX-License-Identifier: Apache-2.0
"""Dashboard, alerts and the files around them speak of what a server really exports, and of each other's names."""

import json
import pathlib
import re
import shutil
import subprocess

import pytest

DOCKER = pathlib.Path(__file__).resolve().parents[2] / "docker"
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


def panel_expressions():
    """With Grafana's variables filled in."""
    found = [target["expr"] for panel in panels() for target in panel.get("targets", [])]
    return [e.replace("$__rate_interval", "5m").replace("$job", "nestd").replace("$instance", ".*") for e in found]


def alert_rules():
    return [rule for group in read_yaml(ALERTS)["groups"] for rule in group["rules"]]


def metrics_of(expressions):
    return {name for e in expressions for name in re.findall(r"\b(?:nestd|process)_\w+", e)}


def test_a_server_exports_every_metric_that_is_named(servers, model, certificate):
    """With a certificate, since its end is told only then."""
    server = servers(model, *certificate.options, trusted=certificate.certificate)
    text = server.get("/metrics").body.decode()
    exported = set(re.findall(r"^(\w+)[{ ]", text, re.M))
    named = metrics_of(panel_expressions() + [rule["expr"] for rule in alert_rules()])
    assert len(named) > 30
    assert named - exported == set()


def test_labels_that_are_named_exist(servers, model, certificate):
    server = servers(model, *certificate.options, trusted=certificate.certificate)
    exported = set(re.findall(r'[{,](\w+)="', server.get("/metrics").body.decode()))
    named = {label for e in panel_expressions() for by in re.findall(r"by \((\w+)\)", e) for label in [by]}
    assert named == {"le", "reason", "route"} and named <= exported


def test_routes_that_are_named_exist(server):
    exported = set(re.findall(r'route="([^"]+)"', server.get("/metrics").body.decode()))
    expressions = panel_expressions() + [rule["expr"] for rule in alert_rules()]
    named = {route for e in expressions for routes in re.findall(r'route!~"([^"]+)"', e) for route in routes.split("|")}
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
