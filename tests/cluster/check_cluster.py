#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Three replicas of one worker each behind a balancer with the configuration of docker/, while replicas are killed, stopped,
hung, cut off and restarted and the balancer reads its configuration again.

    check_cluster.py --binary build/plain/server/nestd --balancer haproxy [--events N | --short] [--seed N]

N events of each kind (of the long ones two) at half load, then at more load than the replicas take; --short is one of each but
the long one, then one kill. At half load every request must be answered with
200, at more also with 429 or 503 and Retry-After; every byte of every 200 must be that of a single server. Ends with "N passed,
N failed" and, where network namespaces cannot be made and so no cable cut, ", N skipped"."""

import argparse
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "http")]

from balancer import BALANCERS  # noqa: E402
from load import SIZES, Load, ask_single, make_bodies  # noqa: E402
from network import Loopback, Namespaces, can_make_namespaces, ways_into_a_namespace  # noqa: E402
from replica import Replica  # noqa: E402

N_REPLICAS = 3
MODEL = ["--hidden", "64", "--layers", "3", "--heads", "4", "--intermediate", "256", "--positions", "256"]
# Repeated texts must be encoded again, or nothing would be in flight. A replica refuses more than it is asked at half load.
OPTIONS = ["--threads", "1", "--cache-size", "0", "--drain-delay", "2", "--max-concurrent-requests", "12"]
HALF_LOAD = {"n": 6, "pause_s": 0.4}
OVERLOAD = {"n": 60, "pause_s": 0}
HANG_S = 38
SETTLE_S = 1.5  # until a replica that came back is in use again


class Cluster:
    def __init__(self, arguments, network, folder):
        self.network = network
        self.log = open(folder / "replicas.log", "ab")
        model = folder / "model"
        maker = HERE.parent / "models/make_random_model.py"
        subprocess.run([sys.executable, maker, model, *MODEL], check=True, stdout=subprocess.DEVNULL)
        self.replicas = [
            Replica(arguments.binary, str(model), OPTIONS, network, i, self.log) for i in range(N_REPLICAS)
        ]
        self.balancer = BALANCERS[arguments.balancer](network, folder, N_REPLICAS)

    def start(self):
        for replica in self.replicas:
            replica.start()
        for replica in self.replicas:
            replica.wait_ready()
        self.balancer.start()

    def end(self):
        self.balancer.end()
        for replica in self.replicas:
            replica.end()
        self.log.close()
        self.network.close()


# --- Events. Each ends when all is well again.


def kill(cluster, replica):
    replica.wait_busy()
    replica.kill()
    time.sleep(0.3)
    replica.start().wait_ready()
    time.sleep(SETTLE_S)


def terminate(cluster, replica):
    replica.wait_busy()
    replica.terminate()
    replica.start().wait_ready()
    time.sleep(SETTLE_S)


def pause(cluster, replica):
    """Its requests wait. HAProxy notices by its probes and sends no more."""
    replica.wait_busy()
    replica.pause()
    time.sleep(4)
    replica.go_on()
    time.sleep(SETTLE_S)


def hang(cluster, replica):
    """For longer than the balancers wait, which then send its requests to others."""
    replica.wait_busy()
    replica.pause()
    time.sleep(HANG_S)
    replica.go_on()
    time.sleep(SETTLE_S)


def cut_cable(cluster, replica):
    replica.wait_busy()
    replica.cut()
    time.sleep(5)
    replica.mend()
    time.sleep(SETTLE_S)


def restart_all(cluster, replica):
    for one in cluster.replicas:
        terminate(cluster, one)


def reload_balancer(cluster, replica):
    cluster.balancer.reload()
    time.sleep(SETTLE_S)


EVENTS = {
    "kill -9": kill,
    "SIGTERM": terminate,
    "SIGSTOP": pause,
    "SIGSTOP for long": hang,
    "cable cut": cut_cable,
    "rolling restart": restart_all,
    "balancer's reload": reload_balancer,
}


class Result:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, what, is_true):
        if is_true:
            self.passed += 1
        else:
            self.failed += 1
            print(f"FAILED: {what}", flush=True)


def run_events(cluster, load, events, n_events, allows_refusals, result):
    for name, happen in events.items():
        if happen is cut_cable and not cluster.network.cables_can_be_cut:
            print(f"skipped: {name}: no network namespaces here")
            result.skipped += 1
            continue
        before = load.tally.counts()
        began = time.monotonic()
        n_times = min(n_events, 2) if happen is hang else n_events
        for i in range(n_times):
            happen(cluster, cluster.replicas[i % N_REPLICAS])
            load.wait_answered()
        answered, refused, reconnected, bad = (b - a for a, b in zip(before, load.tally.counts()))
        print(
            f"  {name:18} x {n_times:<3} {answered:6} answered {refused:6} refused {bad:4} bad "
            f"{reconnected:4} on a second connection {time.monotonic() - began:6.1f} s",
            flush=True,
        )
        result.check(f"{name}: requests are answered meanwhile", answered > 0)
        result.check(f"{name}: no bad reply", bad == 0)
        result.check(f"{name}: no refusal", refused == 0 or allows_refusals)
        # HAProxy lets kept connections end with an answer; nginx closes them at a reload.
        closes = happen is reload_balancer and not cluster.balancer.probes
        result.check(f"{name}: no connection closed under a request", reconnected == 0 or closes)


def kinds_of(arguments, is_overload):
    if arguments.kind:
        return arguments.kind
    if arguments.short:
        return ["kill -9"] if is_overload else [name for name in EVENTS if EVENTS[name] is not hang]
    return list(EVENTS)


def run_load(cluster, arguments, title, sizing, bodies, expected, result):
    print(f"{arguments.balancer}, {title}: {sizing['n']} clients", flush=True)
    is_overload = sizing is OVERLOAD
    load = Load(cluster.balancer.address, bodies, expected, seed=arguments.seed, **sizing)
    try:
        time.sleep(1)
        events = {name: EVENTS[name] for name in kinds_of(arguments, is_overload)}
        run_events(cluster, load, events, 1 if arguments.short else arguments.events, is_overload, result)
    finally:
        load.stop()
    tally = load.tally
    for sentence in tally.bad[:20]:
        print(f"  bad: {sentence}")
    by_size = ", ".join(f"{tally.answered[size]} of {size}" for size in SIZES)
    print(f"  answered: {by_size}; refused: {tally.refused}; bad: {len(tally.bad)}; slowest {tally.slowest_s:.1f} s")
    result.check("no bad reply to the last requests", not tally.bad)
    result.check("bodies of every size were answered", all(tally.answered[size] for size in SIZES))
    result.check("the load is what it is meant to be", (tally.refused > 0) == is_overload)


def run(arguments, network, folder):
    result = Result()
    cluster = Cluster(arguments, network, folder)
    try:
        cluster.start()
        bodies = make_bodies(random.Random(arguments.seed))
        expected = ask_single(cluster.replicas[0].address, bodies)
        for title, sizing in (("half load", HALF_LOAD), ("overload", OVERLOAD)):
            run_load(cluster, arguments, title, sizing, bodies, expected, result)
        n_repeated = cluster.balancer.n_repeated()
        print(f"  the balancer repeated {n_repeated} requests")
        result.check("the balancer repeated requests", n_repeated > 0)
    finally:
        cluster.end()
        if result.failed and arguments.keep:
            print(f"  logs in {folder}")
    return result


def enter_namespace():
    """Starts this program again in a network namespace, with all its processes in one of their own, so that none outlives it."""
    for way in ways_into_a_namespace():
        prefix = [*way, "--pid", "--fork", "--kill-child", "--mount-proc"]
        if can_make_namespaces(prefix):
            os.environ["CLUSTER_IN_NAMESPACE"] = "yes"
            os.execvp(prefix[0], [*prefix, sys.executable, *sys.argv])


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--binary", required=True)
    p.add_argument("--balancer", choices=BALANCERS, required=True)
    p.add_argument("--events", type=int, default=20, help="of each kind")
    p.add_argument("--short", action="store_true")
    p.add_argument("--kind", choices=EVENTS, action="append", help="of these kinds only")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--keep", metavar="FOLDER", help="where the logs are left")
    arguments = p.parse_args()
    if os.environ.pop("CLUSTER_IN_NAMESPACE", "") != "yes":
        enter_namespace()
        network = Loopback(N_REPLICAS)
    else:
        network = Namespaces(N_REPLICAS)
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(arguments.keep or temporary).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        result = run(arguments, network, folder)
    skipped = f", {result.skipped} skipped" if result.skipped else ""
    print(f"{result.passed} passed, {result.failed} failed{skipped}")
    return 1 if result.failed else 0


if __name__ == "__main__":
    sys.exit(main())
