# SPDX-License-Identifier: Apache-2.0
"""Starting and stopping (promises 7 and 8)."""

import http.client
import json
import pathlib
import re
import signal
import threading
import time
import urllib.request

import pytest
from sending import BUSY, wait_for_busy, wait_for_closed_port

pytestmark = pytest.mark.alone


class Background:
    """A request in another thread."""

    def __init__(self, server, body=BUSY):
        self.reply = None
        self._thread = threading.Thread(target=self._ask, args=(server, body))
        self._thread.start()

    def _ask(self, server, body):
        self.reply = server.request(
            "POST", "/v1/embeddings", body, {"Content-Type": "application/json"}
        )

    def result(self):
        self._thread.join()
        assert self.reply is not None, "the request was not answered"
        return self.reply


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_request_in_flight_is_answered_whole(start, model, number):
    server = start(model).wait_ready()
    request = Background(server)
    wait_for_busy(server)
    server.signal(number)
    reply = request.result()
    assert reply.status == 200 and len(reply.json()["data"]) == len(json.loads(BUSY)["input"])
    assert server.wait() == 0


class Cost:
    """What a process has cost so far."""

    def __init__(self, pid):
        statuses = [path.read_text() for path in pathlib.Path(f"/proc/{pid}/task").glob("*/status")]
        wakes = re.findall(r"^voluntary_ctxt_switches:\s*(\d+)", "".join(statuses), re.MULTILINE)
        self.n_wakes = sum(map(int, wakes))
        self.at_s = time.monotonic()
        self.cpu_s = time.clock_gettime(~pid << 3 | 2)  # clock_getcpuclockid(3), of a process


def is_idle(pid, seconds=2):
    """Whether it takes less than 0.1 % of a core, and hardly ever wakes."""
    before = Cost(pid)
    time.sleep(seconds)
    after = Cost(pid)
    passed_s = after.at_s - before.at_s
    share = (after.cpu_s - before.cpu_s) / passed_s
    wakes = (after.n_wakes - before.n_wakes) / passed_s
    print(f"{100 * share:.4f} % of a core, {wakes:.1f} wakes a second")
    return share < 0.001 and wakes < 4


def test_idle_server_sleeps_and_stops_at_once(start, model):
    server = start(model).wait_ready()
    kept = server.connect()
    server.embed(input="so that every thread has had work")
    assert any(is_idle(server.process.pid) for _ in range(5)), "something in it wakes by the clock"
    began = time.monotonic()
    server.signal()
    assert server.wait() == 0
    assert time.monotonic() - began < 3, "an idle connection does not hold it up"
    kept.close()


def test_drain_delay_fails_readiness_alone(start, model):
    server = start(model, "--drain-delay", "2").wait_ready()
    began = time.monotonic()
    server.signal()
    while time.monotonic() - began < 1.5:
        ready = server.get("/readyz")
        assert ready.status == 503 or time.monotonic() - began < 0.2, ready
        assert server.get("/livez").status == 200
        assert len(server.embed(input="still served")["data"]) == 1
        time.sleep(0.05)
    assert ready.headers["Retry-After"]
    assert server.wait() == 0
    assert 1.9 < time.monotonic() - began < 5


def test_second_signal_ends_the_delay(start, model):
    server = start(model, "--drain-delay", "60").wait_ready()
    server.signal()
    time.sleep(0.3)
    assert server.process.poll() is None
    began = time.monotonic()
    server.signal()
    assert server.wait() == 0
    assert time.monotonic() - began < 5


def test_second_signal_does_not_lose_what_was_accepted(start, model):
    server = start(model, "--drain-delay", "60").wait_ready()
    request = Background(server)
    wait_for_busy(server)
    server.signal()
    time.sleep(0.1)
    server.signal()
    assert request.result().status == 200
    assert server.wait() == 0


def test_connection_that_was_there_is_served_while_others_are_answered(start, model):
    """And then closed: its client is to go elsewhere."""
    server = start(model).wait_ready()
    kept = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    kept.request("GET", "/livez")
    kept.getresponse().read()
    request = Background(server)
    wait_for_busy(server)
    server.signal()
    wait_for_closed_port(server)
    kept.request("POST", "/v1/embeddings", b'{"input": "a"}', {"Content-Type": "application/json"})
    response = kept.getresponse()
    assert response.status == 200 and response.headers["Connection"] == "close"
    response.read()
    kept.close()
    assert request.result().status == 200
    assert server.wait() == 0


def test_stop_while_loading(start, slow_model):
    server = start(slow_model).wait_listening()
    assert server.get("/livez").status == 200
    assert server.get("/readyz").status == 503
    server.signal()
    assert server.wait() == 0


def test_ready_line_names_pages_that_can_be_opened(server):
    line = next(line for line in server.log if "ready in" in line)
    urls = re.findall(r"http://\S+", line)
    assert urls == [f"http://127.0.0.1:{server.port}{path}" for path in ("/", "/docs")], line
    for url in urls:
        with urllib.request.urlopen(url, timeout=30) as page:
            assert page.status == 200 and "text/html" in page.headers["Content-Type"]


def test_ready_once_the_model_is_loaded(start, slow_model):
    server = start(slow_model).wait_listening()
    assert server.get("/readyz").status == 503
    metrics = server.get("/metrics")
    assert metrics.status == 200 and b"nestd_queue_tokens 0" in metrics.body
    assert b"nestd_usable_cores 0\n" not in metrics.body and b"nestd_usable_cores " in metrics.body
    server.wait_ready()
    assert server.get("/health").status == 200
