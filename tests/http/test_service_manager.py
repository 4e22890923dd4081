# SPDX-License-Identifier: Apache-2.0
"""Under a service manager: what systemd is told (sd_notify's protocol), and sockets that it passes on."""

import concurrent.futures
import fcntl
import http.client
import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from harness import Server
from test_listeners import UnixConnection, ask

# Descriptors from 3 on, as systemd passes them, to the process whose PID is LISTEN_PID.
PASS = 'i=3; for fd in $PASSED; do eval "exec $i<&$fd"; i=$((i + 1)); done; LISTEN_PID=$$ exec "$@"'


class Passed(Server):
    """A server with sockets passed to it; its log and its end are Server's."""

    def __init__(self, binary, model, sockets, names, *options, env=None):
        fds = [fcntl.fcntl(each.fileno(), fcntl.F_DUPFD, 100) for each in sockets]
        popen = subprocess.Popen

        def spawn(command, **more):
            more["env"] = {**more["env"], "PASSED": " ".join(map(str, fds)), "LISTEN_FDS": str(len(fds)), "LISTEN_FDNAMES": names}
            return popen(["bash", "-c", PASS, "pass", *command], pass_fds=fds, **more)

        subprocess.Popen = spawn
        try:
            super().__init__(binary, model, *options, env=env)
        finally:
            subprocess.Popen = popen
            for fd in fds:
                os.close(fd)


class Manager:
    """Listens where NOTIFY_SOCKET says."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(path)
        self.socket.settimeout(30)

    def receive(self):
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())

    def wait(self, name):
        """The next message with this name, whatever comes before."""
        while True:
            message = self.receive()
            if name in message:
                return message


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_manager_is_told(binary, start, model, tmp_path, kind):
    name = str(tmp_path / "notify") if kind == "path" else f"@nestd-{os.getpid()}"
    manager = Manager(name.replace("@", "\0"))
    keys = tmp_path / "keys"
    keys.write_text("sk-1\n")
    env = {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "300000"}
    server = start(model, "--model-id", model, "--served-model-name", "second", "--api-key-file", keys, env=env)
    message = manager.wait("READY")
    assert message["READY"] == "1"
    name = model.rsplit("/", 1)[-1]
    assert message["STATUS"] == f"serving on http://127.0.0.1:{server.port}: {name}, second"
    assert server.get("/readyz").status == 200
    began = time.monotonic()
    for _ in range(4):
        assert manager.receive() == {"WATCHDOG": "1"}
    assert time.monotonic() - began < 4 * 0.3
    before_us = time.monotonic_ns() // 1000
    server.signal(signal.SIGHUP)
    message = manager.wait("RELOADING")
    assert message["RELOADING"] == "1"
    assert before_us <= int(message["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
    assert manager.wait("READY") == {"READY": "1"}
    server.signal()
    assert manager.wait("STOPPING")["STOPPING"] == "1"
    server.stop()


def test_reload_while_the_model_is_loaded_does_not_make_it_ready(start, slow_model, tmp_path):
    manager = Manager(str(tmp_path / "notify"))
    keys = tmp_path / "keys"
    keys.write_text("sk-1\n")
    server = start(slow_model, "--api-key-file", keys, env={"NOTIFY_SOCKET": str(tmp_path / "notify")}).wait_listening()
    server.signal(signal.SIGHUP)
    message = manager.wait("READY")
    assert server.log_text().count("1 API keys") == 2  # it was reloaded
    assert str(server.port) in message["STATUS"] and server.get("/readyz").status == 200


def test_watchdog_of_another_process_is_not_fed(start, model, tmp_path):
    manager = Manager(str(tmp_path / "notify"))
    env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "100000", "WATCHDOG_PID": "1"}
    start(model, env=env)
    manager.wait("READY")
    manager.socket.settimeout(0.3)
    with pytest.raises(socket.timeout):
        manager.receive()


def test_passed_sockets_take_the_place_of_ports(binary, model, tmp_path):
    path = str(tmp_path / "passed")
    with (
        socket.create_server(("127.0.0.1", 0)) as tcp,
        socket.create_server(path, family=socket.AF_UNIX) as unix,
        socket.create_server(("127.0.0.1", 0)) as metrics,
    ):
        server = Passed(binary, model, [tcp, unix, metrics], "nestd.socket:nestd.socket:metrics")
        try:
            server.wait_ready()
            assert server.port == tcp.getsockname()[1]
            assert ask(UnixConnection(path), "GET", "/livez")[0] == 200
            of_metrics = http.client.HTTPConnection("127.0.0.1", metrics.getsockname()[1], timeout=10)
            assert ask(of_metrics, "GET", "/metrics")[0] == 200
            assert ask(of_metrics, "GET", "/livez")[0] == 404
            listening = {line.split("listening", 1)[1].split(",")[0].strip() for line in server.log if "listening" in line}
            assert len(listening) == 3 and f"on unix:{path}" in listening
        finally:
            server.stop()
        assert os.path.exists(path)  # its owner's


def test_metrics_at_the_same_port_of_another_address_are_apart(binary, model):
    with socket.create_server(("127.0.0.1", 0)) as tcp:
        port = tcp.getsockname()[1]
        with socket.create_server(("127.0.0.2", port)) as metrics:
            server = Passed(binary, model, [tcp, metrics], "api:metrics").wait_listening()
            assert server.embed(input="a")["data"]
            of_metrics = http.client.HTTPConnection("127.0.0.2", port, timeout=10)
            assert [ask(of_metrics, "GET", path)[0] for path in ("/metrics", "/livez")] == [200, 404]
            server.stop()


def test_restart_on_a_passed_socket_is_not_seen(binary, model):
    """Connections wait from the end of the old server until the new one has loaded its model."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as tcp:
        port = tcp.getsockname()[1]
        ended = threading.Event()

        replies = [[] for _ in range(4)]

        def keep_asking(i):
            while not ended.is_set():
                connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
                replies[i].append(ask(connection, "POST", "/v1/embeddings", {"input": f"text {i}"}))
                connection.close()

        def wait_for_replies():
            """Two more to everyone."""
            before = [len(each) for each in replies]
            deadline = time.monotonic() + 60
            while any(len(each) < n + 2 for each, n in zip(replies, before)) and time.monotonic() < deadline:
                time.sleep(0.02)

        old = Passed(binary, model, [tcp], "x").wait_ready()
        with concurrent.futures.ThreadPoolExecutor(4) as threads:
            asked = [threads.submit(keep_asking, i) for i in range(4)]
            try:
                for _ in range(2):
                    wait_for_replies()
                    old.stop()
                    old = Passed(binary, model, [tcp], "x")
                    old.wait_ready()
                wait_for_replies()
            finally:
                ended.set()
            for i, each in enumerate(asked):
                each.result()
                assert len(replies[i]) >= 6 and {status for status, _ in replies[i]} == {200}
                assert len({json.dumps(json.loads(body)["data"]) for _, body in replies[i]}) == 1
        old.stop()


def test_what_cannot_be_taken_is_said(binary, model, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("127.0.0.1", 0)) as two:
        with socket.socket() as deaf, open(tmp_path / "file", "w") as file:
            for sockets, words in (([one, two], "second TCP socket"), ([deaf], "descriptor 3"), ([one, file], "descriptor 4")):
                server = Passed(binary, model, sockets, "a:b")
                assert server.wait() == 1 and words in server.log_text(), server.log_text()


def test_sockets_of_another_process_are_left_alone(binary, model):
    done = Server(binary, model, env={"LISTEN_PID": "1", "LISTEN_FDS": "1"})
    done.wait_ready()
    done.stop()


def test_reload_of_nothing_is_answered(start, model, tmp_path):
    """systemctl reload, which is SIGHUP for Type=notify-reload, must not end a server without keys and certificates."""
    manager = Manager(str(tmp_path / "notify"))
    server = start(model, env={"NOTIFY_SOCKET": str(tmp_path / "notify")})
    manager.wait("READY")
    server.signal(signal.SIGHUP)
    manager.wait("RELOADING")
    assert manager.wait("READY") == {"READY": "1"}
    assert server.get("/readyz").status == 200
