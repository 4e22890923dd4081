# SPDX-License-Identifier: Apache-2.0
"""nestd beside its peers: real texts of mixed lengths, the fastest setting of each."""

import numpy as np

import contestants
import rounds
from report import Table, bars


def cosines(vectors, reference):
    a, b = vectors.astype(float), reference.astype(float)
    norms = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
    return np.sum(a * b, axis=1) / norms


def explain(contestant, reason, not_installed):
    """Where a package would not install, that is the reason."""
    return " ".join(not_installed.get(contestant.package, reason).split())[:200]


def describe(setting):
    words = {name: value for name, value in setting.items() if value != 0}
    return ", ".join(f"{name} {value}" for name, value in words.items()) or "its own"


def add_row(table, model, entry, n_tokens, base):
    """The texts a second. base: the entry that the others are compared with, or None."""
    n_texts = len(np.load(entry.vectors, mmap_mode="r"))
    rate = n_texts / entry.median_s
    times = mean = least = "-"
    if base:
        times = base.median_s / entry.median_s
    if entry.own_weights:
        mean = "other weights"
    elif base:
        found = cosines(np.load(entry.vectors), np.load(base.vectors))
        mean, least = f"{found.mean():.6f}", f"{found.min():.6f}"
    tokens_rate = n_tokens / entry.median_s
    setting = describe(entry.setting)
    table.add(entry.contestant.name, model.title, rate, tokens_rate, times, mean, least, setting)
    return rate


def compare_model(bench, model, table):
    """One model's rows; the bars of its picture."""
    everyone = [*contestants.PEERS, *contestants.nestd(bench.dtypes)]
    mine = [c for c in everyone if model.name in c.models and bench.takes(c)]
    unfit = [c for c in mine if c.package and c.dtype == "bfloat16" and not bench.has_bfloat16]
    mine = [c for c in mine if c not in unfit]
    told = model.for_peers(bench.texts, bench.share)
    n_tokens = sum(model.lengths(told["texts"]))
    folder = bench.folder / "peers" / model.name
    entries, missing = rounds.prepare(mine, told, bench.n_cores, folder, bench.say)
    missing.update(dict.fromkeys(unfit, "this CPU does not multiply bfloat16 natively"))
    shown = []
    try:
        rounds.play(entries, missing, told["texts"], bench.n_rounds, bench.limit_s)
        base = next((entry for entry in entries if entry.contestant is contestants.PEERS[0]), None)
        for entry in entries:
            rate = add_row(table, model, entry, n_tokens, base)
            shown.append((entry.contestant.name, rate, not entry.contestant.package))
    finally:
        for entry in entries:
            entry.process.close()
    for contestant, reason in missing.items():
        why = explain(contestant, reason, bench.not_installed)
        table.add(contestant.name, model.title, "not run", "-", "-", "-", "-", why)
    return shown


def run(bench):
    table = Table(
        "contestant",
        "model",
        "texts/s",
        "tokens/s",
        "times sentence-transformers",
        "cosine, mean",
        "least",
        "setting",
    )
    groups = []
    for name in bench.model_names(contestants.ALL):
        model = bench.model(name)
        shown = compare_model(bench, model, table)
        if shown:
            groups.append((f"{model.title}: texts a second", shown))
    for name, reason in contestants.NOT_TO_BE_HAD.items():
        table.add(name, "-", "not run", "-", "-", "-", "-", reason)
    path = bench.folder / "peers.svg"
    path.write_text(bars(f"{bench.texts.source}; {bench.machine}", groups))
    print(table.markdown())
    print(
        f"\nTexts: {bench.texts.source}. Cosines are to the vectors of sentence-transformers in "
        "float32."
    )
    print(
        "nestd and infinity answer over HTTP, their client on the same cores. "
        f"Picture: build/bench/{path.name}"
    )
