# SPDX-License-Identifier: Apache-2.0
"""Where the replicas live: each in a network namespace behind a cable of its own, which can be cut. The process that makes them
must be in a namespace of its own already (see check_cluster.py); all of it is gone when the processes in it are."""

import os
import subprocess

PORT = 8080


def run(*command):
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


class Namespaces:
    """The balancer and the clients are in this process's namespace."""

    cables_can_be_cut = True
    balancer_address = "10.203.0.1"

    def __init__(self, n_replicas):
        run("ip", "link", "set", "lo", "up")
        run("ip", "address", "add", f"{self.balancer_address}/32", "dev", "lo")
        self.keepers = [self._add_replica(i) for i in range(n_replicas)]

    def _add_replica(self, i):
        keeper = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo made; exec sleep 86400"], stdout=subprocess.PIPE
        )
        assert keeper.stdout.readline() == b"made\n"
        inside = ["nsenter", f"--net=/proc/{keeper.pid}/ns/net", "ip"]
        run("ip", "link", "add", "name", f"cable{i}", "type", "veth", "peer", "name", "eth0", "netns", str(keeper.pid))
        run("ip", "address", "add", f"10.203.{i + 1}.1/30", "dev", f"cable{i}")
        run("ip", "link", "set", f"cable{i}", "up")
        run(*inside, "address", "add", f"{self.address(i)}/30", "dev", "eth0")
        run(*inside, "link", "set", "lo", "up")
        run(*inside, "link", "set", "eth0", "up")
        return keeper

    def address(self, i):
        return f"10.203.{i + 1}.2"

    def inside(self, i):
        """What to put before a command that shall run at replica i."""
        return ["nsenter", f"--net=/proc/{self.keepers[i].pid}/ns/net", "--"]

    def set_cable(self, i, state):
        """At the replica's end: at the balancer's, packets vanish without an error."""
        run(*self.inside(i), "ip", "link", "set", "eth0", state)

    def close(self):
        for keeper in self.keepers:
            keeper.kill()
            keeper.wait()


class Loopback:
    """Addresses of this machine, where namespaces cannot be made: for each process others, since two may run side by side."""

    cables_can_be_cut = False

    def __init__(self, n_replicas):
        pid = os.getpid()
        self.net = f"127.{64 + pid // 256 % 64}.{pid % 256}"
        self.balancer_address = f"{self.net}.100"

    def address(self, i):
        return f"{self.net}.{101 + i}"

    def inside(self, i):
        return []

    def close(self):
        pass


def can_make_namespaces(prefix):
    """Whether `prefix`, a command that runs another in a new network namespace, works here, and one more inside."""
    probe = "ip link set lo up && unshare --net true && ip link add name probe0 type veth peer name probe1"
    try:
        return subprocess.run([*prefix, "sh", "-c", probe], capture_output=True, timeout=20).returncode == 0
    except OSError:
        return False


def ways_into_a_namespace():
    """As root; else as a user whom the kernel lets be root of a namespace."""
    ways = [["unshare", "--net"]] if os.geteuid() == 0 else []
    return ways + [["unshare", "--user", "--map-root-user", "--net"]]
