# SPDX-License-Identifier: Apache-2.0
"""Families beside a BERT of their size, each as a share of its own roof, and beside the peers that
run them. bench_engine's texts have the lengths of the texts that the peers are given."""

import statistics

import contestants
import families
import nestd
import rounds
from report import Table, percent

N_PAIRS = 5


def share(bench, model, dtype, lengths):
    figures = nestd.engine(
        model.folder,
        dtype,
        tokens=",".join(map(str, lengths)),
        texts=len(lengths),
        workers=bench.n_cores,
        slices=1,
        seconds=bench.seconds(1),
        products=True,
    )
    return figures["linear_gflops"] / figures["roof_gflops"]


def shares(bench, model, bert, dtype, texts):
    """(the model's, BERT's, the difference), medians of pairs that take turns to be first"""
    lengths = model.lengths(texts)
    pairs = []
    for i in range(bench.count(N_PAIRS)):
        order = (model, bert) if i % 2 else (bert, model)
        found = {one.name: share(bench, one, dtype, lengths) for one in order}
        pairs.append((found[model.name], found[bert.name]))
    return (
        statistics.median(own for own, _ in pairs),
        statistics.median(its for _, its in pairs),
        statistics.median(own - its for own, its in pairs),
    )


def find_best(entries, dtype):
    """The peer of that format that took the least time; of any, where none has it."""
    peers = [entry for entry in entries if entry.contestant.package]
    alike = [entry for entry in peers if entry.contestant.dtype == dtype]
    return min(alike or peers, key=lambda entry: entry.median_s, default=None)


def race(bench, model):
    """([entries], {contestant: why it is missing}), played"""
    everyone = [*contestants.FAMILY_PEERS, *contestants.nestd(bench.accepted)]
    mine = [contestant for contestant in everyone if bench.takes(contestant)]
    told = model.for_peers(bench.texts, bench.share)
    folder = bench.folder / "peers" / model.name
    entries, missing = rounds.prepare(mine, told, bench.n_cores, folder, bench.say)
    try:
        rounds.play(entries, missing, told["texts"], bench.n_rounds, bench.limit_s)
    finally:
        for entry in entries:
            entry.process.close()
    return entries, missing, told["texts"]


def add_rows(bench, model, table, rates):
    shape = families.SHAPES[model.name]
    entries, missing, texts = race(bench, model)
    n_tokens = sum(model.lengths(texts))
    for entry in entries:
        rates.add(model.name, entry.contestant.name, n_tokens / entry.median_s, str(entry.setting))
    for contestant, reason in missing.items():
        rates.add(model.name, contestant.name, "not run", reason[:200])
    for dtype in bench.accepted:
        bench.say(f"families: {model.name} {dtype}, shares of the roof")
        try:
            found = shares(bench, model, bench.model(shape.bert), dtype, texts)
        except nestd.Refused as refused:
            table.add(model.title, dtype, *["-"] * 7, f"refused: {refused}")
            continue
        own = next((e for e in entries if not e.contestant.package and e.contestant.dtype == dtype))
        best = find_best(entries, dtype)
        table.add(
            model.title,
            dtype,
            *map(percent, found[:2]),
            f"{100 * found[2]:+.1f}",
            -shape.points,
            n_tokens / own.median_s,
            best.contestant.name if best else "-",
            n_tokens / best.median_s if best else "-",
            best.median_s / own.median_s if best else "-",
        )


def run(bench):
    heads = ("model", "dtype", "share of the roof", "BERT's", "points", "at worst", "tokens/s")
    table = Table(*heads, "best peer", "its tokens/s", "times")
    rates = Table("model", "contestant", "tokens/s", "setting")
    for name in bench.model_names(families.SHAPES):
        add_rows(bench, bench.model(name), table, rates)
    print(table.markdown())
    print(f"\nAll contestants:\n\n{rates.markdown()}")
    print(
        f"\nTexts: {bench.texts.source}; each shape sees the same tokens. Best peer: of the same "
        "format. llama.cpp is not among them: nothing here writes these families in its own."
    )
