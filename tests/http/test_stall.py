# SPDX-License-Identifier: Apache-2.0
"""Liveness sees a worker that is stuck: one whose thread a debugger has stopped."""

import concurrent.futures
import ctypes
import os
import pathlib
import socket
import time

import pytest

from test_service_manager import Manager

libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long] * 4
PTRACE_SEIZE, PTRACE_INTERRUPT, PTRACE_DETACH = 0x4206, 0x4207, 17
WALL = 0x40000000


class Frozen:
    """A thread that does not run inside `with`."""

    def __init__(self, tid):
        self.tid = tid

    def __enter__(self):
        if libc.ptrace(PTRACE_SEIZE, self.tid, 0, 0):
            pytest.skip(f"no thread may be traced here: {os.strerror(ctypes.get_errno())}")
        assert libc.ptrace(PTRACE_INTERRUPT, self.tid, 0, 0) == 0
        os.waitpid(self.tid, WALL)

    def __exit__(self, *_):
        assert libc.ptrace(PTRACE_DETACH, self.tid, 0, 0) == 0


def find_worker(server):
    tasks = pathlib.Path(f"/proc/{server.process.pid}/task")
    (tid,) = [int(task.name) for task in tasks.iterdir() if (task / "comm").read_text() == "encode\n"]
    return tid


def wait_for_livez(server, status):
    deadline = time.monotonic() + 10
    while (reply := server.get("/livez")).status != status:
        assert time.monotonic() < deadline, reply
        time.sleep(0.05)
    return reply


def test_stuck_worker_is_seen_and_forgiven(start, model, tmp_path):
    manager = Manager(str(tmp_path / "notify"))
    env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "600000"}
    server = start(model, "--stall-timeout", "1", "--threads", "1", "--cache-size", "0", env=env).wait_ready()
    expected = server.embed(input="a cat")["data"]
    manager.wait("WATCHDOG")
    time.sleep(0.3)  # until it is through with that
    worker = find_worker(server)
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        with Frozen(worker):  # while it waits for work
            time.sleep(1.4)
            assert server.get("/livez").status == 200  # it has none
            asked_s = time.monotonic()
            answered = thread.submit(server.embed, input="a cat")
            reply = wait_for_livez(server, 503)
            assert time.monotonic() - asked_s >= 1
            assert reply.json()["error"]["code"] == "stalled" and "--stall-timeout" in reply.json()["error"]["message"]
            assert server.metric("nestd_stalled_seconds") >= 1 and server.get("/readyz").status == 200
            manager.socket.setblocking(False)
            try:
                while manager.receive():
                    pass
            except BlockingIOError:
                pass
            manager.socket.settimeout(0.5)
            with pytest.raises(socket.timeout):
                manager.receive()
        assert answered.result()["data"] == expected
        wait_for_livez(server, 200)
        manager.socket.settimeout(5)
        manager.wait("WATCHDOG")

        answered = thread.submit(server.embed, input=[f"{i} " + "words " * 200 for i in range(20)])
        while server.metric("nestd_workers_busy") == 0:
            assert not answered.done()
        with Frozen(worker):  # while it has a pass
            wait_for_livez(server, 503)
        assert len(answered.result()["data"]) == 20
        wait_for_livez(server, 200)
    assert server.log_text().count("not alive") == server.log_text().count("move again") == 2


@pytest.mark.slow
def test_long_pass_is_no_stall(start, model):
    """A pass of as many tokens as fit takes one worker longer than the timeout; each of its steps does not."""
    server = start(model, "--stall-timeout", "2", "--threads", "1", "--max-batch-tokens", "65536", "--cache-size", "0").wait_ready()
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        answered = thread.submit(server.embed, input=[f"{i} " + "words " * 245 for i in range(250)])
        busy_s = []
        while not answered.done():
            assert server.get("/livez").status == 200
            if server.metric("nestd_workers_busy"):
                busy_s.append(time.monotonic())
            time.sleep(0.02)
        answered.result()
    assert server.metric("nestd_pass_texts_count") == 1 and busy_s[-1] - busy_s[0] > 2, "else nothing was tried"
    assert "not alive" not in server.log_text()
