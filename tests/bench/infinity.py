# SPDX-License-Identifier: Apache-2.0
"""An infinity server on this machine, from the environment of its own that its old pins need."""

import http.client
import os
import pathlib
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "bench" / "infinity" / "bin" / "infinity_emb"
START_TIMEOUT_S = 180


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Infinity:
    def __init__(self, folder, n_cores, batch, log):
        if not PROGRAM.is_file():
            raise FileNotFoundError("infinity-emb is not installed")
        self.port = free_port()
        self.name = "bench"
        environment = {
            **os.environ,
            "HF_HUB_OFFLINE": "1",
            "DO_NOT_TRACK": "1",
            "INFINITY_ANONYMOUS_USAGE_STATS": "0",
            "OMP_NUM_THREADS": str(n_cores),
        }
        command = [PROGRAM, "v2", "--model-id", folder, "--served-model-name", self.name]
        command += ["--engine", "torch", "--device", "cpu", "--dtype", "float32"]
        command += ["--host", "127.0.0.1", "--port", str(self.port), "--batch-size", str(batch)]
        command += ["--log-level", "warning"]
        with open(log, "w", encoding="utf-8") as file:
            self.process = subprocess.Popen(
                command,
                cwd=PROGRAM.parents[2],  # it leaves a folder there
                env=environment,
                stdout=file,
                stderr=file,
            )
        self._wait_ready()

    def _wait_ready(self):
        deadline = time.monotonic() + START_TIMEOUT_S
        while self.process.poll() is None and time.monotonic() < deadline:
            try:
                connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
                connection.request("GET", "/health")
                if connection.getresponse().status == 200:
                    return
            except OSError:
                pass
            time.sleep(0.1)
        self.stop()
        raise RuntimeError("infinity did not become ready")

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
