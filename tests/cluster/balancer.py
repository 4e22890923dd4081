# SPDX-License-Identifier: Apache-2.0
"""The balancers, each with its configuration of docker/ as it is shipped. BALANCERS is the folder into which Debian's packages
were unpacked; without it the programs are looked for on the PATH."""

import http.client
import os
import pathlib
import re
import shutil
import signal
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
PORT = 8080
METRICS_PORT = 8405


def find_program(name):
    unpacked = os.environ.get("BALANCERS", "")
    search = os.pathsep.join([f"{unpacked}/usr/sbin", os.environ.get("PATH", ""), "/usr/sbin"])
    return shutil.which(name, path=search)


def balancer_environment():
    """The programs' libraries may be among the unpacked packages."""
    libraries = [str(path.parent) for path in pathlib.Path(os.environ.get("BALANCERS", ".")).glob("usr/lib/*/*.so*")]
    return {**os.environ, "LD_LIBRARY_PATH": os.pathsep.join(sorted(set(libraries)))}


class Balancer:
    def __init__(self, network, folder, n_replicas):
        self.address = network.balancer_address
        self.replicas = [network.address(i) for i in range(n_replicas)]
        self.folder = folder
        self.log_path = folder / f"{self.name}.log"
        self.program = find_program(self.name)
        self.process = None

    def start(self):
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command(), stdout=log, stderr=log, env={**balancer_environment(), **self.variables()}
            )
        deadline = time.monotonic() + 20
        while not self.answers():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log_path.read_text()
            time.sleep(0.05)
        return self

    def answers(self):
        connection = http.client.HTTPConnection(self.address, PORT, timeout=5)
        try:
            connection.request("GET", "/readyz")
            return connection.getresponse().status == 200
        except OSError:
            return False
        finally:
            connection.close()

    def variables(self):
        return {}

    def reload(self):
        self.process.send_signal(self.reload_signal)

    def end(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class HAProxy(Balancer):
    name = "haproxy"
    probes = True  # it finds a hung replica by itself
    reload_signal = signal.SIGUSR2

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.repeated_before_reloads = 0

    def command(self):
        return [self.program, "-W", "-f", str(ROOT / "docker/haproxy.cfg")]

    def variables(self):
        names = {f"NESTD_{i + 1}": address for i, address in enumerate(self.replicas)}
        return {
            **names,
            "BALANCER_ADDRESS": self.address,
            "BALANCER_SOCKET": str(self.folder / "haproxy.sock"),
        }

    def reload(self):
        """The counters are the process's: a new one begins at zero."""
        self.repeated_before_reloads += self._repeated_now()
        super().reload()

    def _repeated_now(self):
        connection = http.client.HTTPConnection(self.address, METRICS_PORT, timeout=5)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        found = re.findall(r'^haproxy_backend_retry_warnings_total\{proxy="nestd"\} (\S+)$', text, re.M)
        return int(float(found[0]))

    def n_repeated(self):
        return self.repeated_before_reloads + self._repeated_now()


class Nginx(Balancer):
    name = "nginx"
    probes = False
    reload_signal = signal.SIGHUP

    def command(self):
        text = (ROOT / "docker/nginx.conf").read_text()
        for i, address in enumerate(self.replicas):
            text = text.replace(f"nestd{i + 1}:8080", f"{address}:8080")
        text = text.replace("listen 8080", f"listen {self.address}:8080").replace("/tmp/", f"{self.folder}/")
        text = re.sub(r"/dev/std(out|err)", str(self.log_path), text)
        path = self.folder / "nginx.conf"
        path.write_text(text)
        more = f"daemon off; pid {self.folder}/nginx.pid;"
        if os.geteuid() == 0:
            more += " user root;"
        return [self.program, "-p", str(self.folder), "-e", str(self.log_path), "-c", str(path), "-g", more]

    def n_repeated(self):
        """Requests of the access log that name more than one replica."""
        return len(re.findall(r'" \d+ \d+ [\d.]+ \S+, ', self.log_path.read_text()))


BALANCERS = {kind.name: kind for kind in (HAProxy, Nginx)}
