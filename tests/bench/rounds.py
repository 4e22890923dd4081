# SPDX-License-Identifier: Apache-2.0
"""Contestants in turn: each is loaded, tuned and warmed up, then all are timed round after round,
one at a time. Those whose turn it is not are stopped (SIGSTOP), so that no idle thread of theirs
spins on the cores."""

import json
import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

ENOUGH_ROUNDS = 3
HERE = pathlib.Path(__file__).resolve().parent


class Failed(Exception):
    """Why a contestant does not take part."""


class Process:
    """A contestant's worker; it runs only while it is asked something."""

    def __init__(self, log):
        self.log = log.open("w")
        self.process = subprocess.Popen(
            [sys.executable, HERE / "worker.py"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.log,
            text=True,
            start_new_session=True,
        )

    def signal(self, number):
        os.killpg(self.process.pid, number)

    def ask(self, **message):
        self.signal(signal.SIGCONT)
        try:
            self.process.stdin.write(json.dumps(message) + "\n")
            self.process.stdin.flush()
            line = self.process.stdout.readline()
        except BrokenPipeError:
            line = ""
        if not line:
            raise Failed(f"it died with status {self.process.wait()}; see {self.log.name}")
        self.signal(signal.SIGSTOP)
        answer = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def close(self):
        if self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.process.stdin.close()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.signal(signal.SIGKILL)
                self.process.wait()
        self.process.stdout.close()
        self.log.close()


class Entry:
    """A contestant that takes part."""

    def __init__(self, contestant, model, n_cores, folder):
        self.contestant = contestant
        self.vectors = folder / f"{contestant.file_name}.npy"
        self.process = Process(folder / f"{contestant.file_name}.log")
        self.settings = []
        self.setting = None
        self.own_weights = False
        self.seconds = []
        try:
            self._load(model, n_cores)
        except Failed:
            self.process.close()
            raise

    def _load(self, model, n_cores):
        load = {
            "module": self.contestant.module,
            "dtype": self.contestant.dtype,
            "model": model,
            "cores": n_cores,
        }
        loaded = self.process.ask(load=load)
        self.own_weights = loaded["own_weights"]
        self.settings = loaded["settings"]
        self.tune(model["sample"])

    def tune(self, texts):
        """Takes the setting that is fastest on these; one run before the first warms up."""
        if len(self.settings) == 1:
            self.setting = self.settings[0]
            return
        self.encode(texts[: len(texts) // 4 + 1], self.settings[0])
        self.setting = min(self.settings, key=lambda setting: self.encode(texts, setting))

    def encode(self, texts, setting, vectors=None):
        return self.process.ask(encode=texts, setting=setting, vectors=vectors)["seconds"]

    def warm_up(self, texts):
        """Of everything, with the vectors kept."""
        self.encode(texts, self.setting, str(self.vectors))

    def run(self, texts):
        self.seconds.append(self.encode(texts, self.setting))

    @property
    def median_s(self):
        return statistics.median(self.seconds)


def prepare(contestants, model, n_cores, folder, say):
    """([entries], {contestant: why it is missing})"""
    entries, missing = [], {}
    folder.mkdir(parents=True, exist_ok=True)
    for contestant in contestants:
        say(f"{model['name']}: {contestant.name}")
        try:
            entry = Entry(contestant, model, n_cores, folder)
        except Failed as error:
            missing[contestant] = str(error)
            continue
        try:
            entry.warm_up(model["texts"])
            entries.append(entry)
        except Failed as error:
            missing[contestant] = str(error)
            entry.process.close()
    return entries, missing


def play(entries, missing, texts, n_rounds, limit_s):
    """Rounds until there are n_rounds, or until limit_s is over and there are enough."""
    start = time.monotonic()
    for done in range(n_rounds):
        if done >= ENOUGH_ROUNDS and time.monotonic() - start > limit_s:
            break
        for entry in list(entries):
            try:
                entry.run(texts)
            except Failed as error:
                missing[entry.contestant] = str(error)
                entries.remove(entry)
                entry.process.close()
