# SPDX-License-Identifier: Apache-2.0
"""One nestd of the cluster, and all that can happen to it."""

import http.client
import signal
import subprocess
import time

from harness import environment
from network import PORT

START_TIMEOUT_S = 60


class Replica:
    def __init__(self, binary, model, options, network, i, log):
        self.address = network.address(i)
        self.command = [*network.inside(i), binary, "--model-id", model, "--hostname", self.address]
        self.command += ["--port", str(PORT), *options]
        self.network = network
        self.i = i
        self.log = log
        self.process = None

    def start(self):
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=self.log, env=environment()
        )
        return self

    def get(self, path, timeout=5):
        """(status, text); (0, "") where nobody answers."""
        connection = http.client.HTTPConnection(self.address, PORT, timeout=timeout)
        try:
            connection.request("GET", path)
            reply = connection.getresponse()
            return reply.status, reply.read().decode()
        except OSError:
            return 0, ""
        finally:
            connection.close()

    def wait_ready(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.get("/readyz")[0] != 200:
            assert self.process.poll() is None, f"replica {self.i + 1} ended with {self.process.returncode}"
            assert time.monotonic() < deadline, f"replica {self.i + 1} is not ready"
            time.sleep(0.05)
        return self

    def metric(self, name):
        for line in self.get("/metrics")[1].splitlines():
            if line.startswith(name + " "):
                return float(line.rsplit(" ", 1)[1])
        return 0

    def wait_busy(self, timeout=3):
        """Returns when it has a request, so that what happens next happens to one; False if none came."""
        deadline = time.monotonic() + timeout
        while self.metric("nestd_requests_in_flight") == 0:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        return True

    # What can happen.

    def kill(self):
        self.process.kill()
        self.process.wait()

    def terminate(self):
        """Ends it as an orchestrator does; it must answer all that it has taken, and say that it did."""
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(90)
        assert status == 0, f"replica {self.i + 1} ended with {status}"

    def pause(self):
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self):
        self.process.send_signal(signal.SIGCONT)

    def cut(self):
        self.network.set_cable(self.i, "down")

    def mend(self):
        self.network.set_cable(self.i, "up")

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
