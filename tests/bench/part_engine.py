# SPDX-License-Identifier: Apache-2.0
"""What the engine does without the server: its share of the roof, a lone text's latency, and
whether cost grows linearly."""

import nestd
from report import Table, percent

LENGTHY = ("minilm-512", "bge-large")


def try_engine(bench, table, cells, *arguments, **options):
    """Figures, or None with a row that says what the program said."""
    try:
        return nestd.engine(*arguments, **options)
    except nestd.Refused as refused:
        empty = len(table.heads) - len(cells) - 1
        table.add(*cells, *["-"] * empty, f"refused: {refused}")
        return None


def roof(bench):
    heads = (
        "model",
        "dtype",
        "cores",
        "tokens a text",
        "tokens/s",
        "linear GFLOP/s",
        "roof GFLOP/s",
    )
    table = Table(*heads, "share")
    for name in bench.model_names(LENGTHY):
        model = bench.model(name)
        seconds = bench.seconds(3 if name == "bge-large" else 1.5)
        for dtype in bench.accepted:
            for n_cores, n_tokens in ((1, 128), (bench.n_cores, 128), (bench.n_cores, 512)):
                bench.say(f"roof: {name} {dtype}, {n_cores} cores, {n_tokens} tokens")
                cells = (model.title, dtype, n_cores, n_tokens)
                figures = try_engine(
                    bench,
                    table,
                    cells,
                    model.folder,
                    dtype,
                    tokens=n_tokens,
                    workers=n_cores,
                    slices=bench.count(3),
                    seconds=seconds,
                    products=True,
                )
                if figures:
                    linear, most = figures["linear_gflops"], figures["roof_gflops"]
                    share = percent(linear / most)
                    table.add(*cells, figures["tokens_per_second"], linear, most, share)
    print(table.markdown())
    print(
        "\nRoof: oneDNN (for int8 without AVX512_VNNI nestd's own kernel) on the products of one layer "
        "alone, in turn with the encoding, in the same process."
    )


def latency(bench):
    """A lone text, with one core and with all."""
    most = f"{bench.n_cores} cores, ms"
    table = Table("model", "dtype", "tokens", "1 core, ms", most, "times faster")
    for name in bench.model_names(LENGTHY):
        model = bench.model(name)
        for dtype in bench.accepted:
            for n_tokens in (16, 54, 128, 512):
                bench.say(f"latency: {name} {dtype}, {n_tokens} tokens")
                cells = (model.title, dtype, n_tokens)
                medians = []
                for n_cores in (1, bench.n_cores):
                    figures = try_engine(
                        bench,
                        table,
                        cells,
                        model.folder,
                        dtype,
                        tokens=n_tokens,
                        workers=n_cores,
                        texts=1,
                        groups=1,
                        slices=1,
                        seconds=bench.seconds(0.5),
                    )
                    if not figures:
                        break
                    medians.append(figures["p50_ms"])
                if len(medians) == 2:
                    table.add(*cells, *medians, medians[0] / medians[1])
    print(table.markdown())


def linear(bench):
    """Tokens a second by how much waits and by how long the texts are."""
    table = Table(
        "dtype", "texts in the queue", "tokens a text", "tokens/s", "with attention, GFLOP/s"
    )
    model = bench.model("minilm-512")
    cases = [(1, 64), (16, 64), (256, 64), (4096, 64), (65536, 64)]
    cases += [(256, n_tokens) for n_tokens in (16, 32, 128, 512)]
    for dtype in bench.accepted:
        for n_texts, n_tokens in cases:
            bench.say(f"linear: {dtype}, {n_texts} texts of {n_tokens} tokens")
            cells = (dtype, f"{n_texts:,}", n_tokens)
            figures = try_engine(
                bench,
                table,
                cells,
                model.folder,
                dtype,
                tokens=n_tokens,
                workers=bench.n_cores,
                texts=n_texts,
                groups=1,
                slices=bench.count(3),
                seconds=bench.seconds(1),
            )
            if figures:
                rate = figures["tokens_per_second"]
                attention = rate * model.attention_flop_per_token(n_tokens) * 1e-9
                table.add(*cells, rate, figures["linear_gflops"] + attention)
    print(f"{model.title}:\n\n{table.markdown()}")
