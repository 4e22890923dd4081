# SPDX-License-Identifier: Apache-2.0
"""What the model's card, its README.md, becomes: in /info and in the log. tests/data/cards/*.json is
PyYAML's reading of the front matter, with the scalars as they are written."""

import json
import pathlib
import re

import pytest

import make_random_model

CARDS = pathlib.Path(__file__).resolve().parents[1] / "data" / "cards"
FIELDS = ["matryoshka_dims_trained", "license", "base_model", "examples", "model_index"]


def make(folder, card, *options):
    make_random_model.make([str(folder), *options])
    (folder / "README.md").write_text(card, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def sea(servers, tmp_path_factory):
    """The card of a model of 1024 numbers, on a random one."""
    folder = tmp_path_factory.mktemp("card") / "model"
    shape = ["--hidden", "1024", "--heads", "16", "--intermediate", "64", "--layers", "1"]
    make(folder, (CARDS / "matryoshka.md").read_text(encoding="utf-8"), *shape)
    return servers(folder)


def front_matter(name):
    return json.loads((CARDS / f"{name}.json").read_text(encoding="utf-8"))


def test_card_is_told_by_info(sea):
    info = sea.get("/info").json()
    card = front_matter("matryoshka")
    assert info["dimensions"] == 1024
    assert info["matryoshka_dims_trained"] == [64, 128, 256, 512, 768]
    assert info["license"] == card["license"] and info["base_model"] == [card["base_model"]]
    assert info["examples"] == card["widget"] and len(info["examples"]) == 5
    assert info["notes"] == []


def test_table_has_the_cards_digits(sea):
    card = (CARDS / "matryoshka.md").read_text(encoding="utf-8")
    told = sea.get("/info").json()["model_index"]
    assert told == [
        {
            "task": result["task"],
            "dataset": result["dataset"],
            "metrics": [
                {"type": row["type"], "name": row["name"], "value": row["value"]}
                for row in result["metrics"]
            ],
        }
        for result in front_matter("matryoshka")["model-index"][0]["results"]
    ]
    values = [row["value"] for result in told for row in result["metrics"]]
    assert values == re.findall(r"^ +value: (.*)$", card, re.M) and len(values) == 75


def test_trained_sizes_bind_nobody(sea):
    assert sea.get("/info").json()["matryoshka_dims"] == []
    assert len(sea.embed(input="a", dimensions=100)["data"][0]["embedding"]) == 100
    line = re.search(r"model card: (.*)", sea.log_text())[1]
    assert line.startswith("trained for 64, 128, 256, 512, 768 dimensions; others are allowed too")


def test_config_json_goes_before_the_card(start, tmp_path):
    card = '* with these parameters: {"matryoshka_dims": [16, 8]}\n'
    server = start(make(tmp_path / "model", card, "--matryoshka", "4,8")).wait_ready()
    info = server.get("/info").json()
    assert info["matryoshka_dims"] == info["matryoshka_dims_trained"] == [4, 8]
    assert "model card" not in server.log_text()


def test_model_without_a_card(server):
    info = server.get("/info").json()
    assert [info[name] for name in FIELDS] == [[], None, [], [], []]


def test_broken_card_is_one_warning(start, tmp_path):
    card = "---\nlicense: mit\nwidget: [\n---\n\n# Matryoshka\n"
    server = start(make(tmp_path / "model", card)).wait_ready()
    info = server.get("/info").json()
    assert [info[name] for name in FIELDS] == [[], None, [], [], []]
    assert len(info["notes"]) == 1 and "README.md: line 4: " in info["notes"][0]
    warnings = [line for line in server.log_text().splitlines() if " warning " in line]
    assert len(warnings) == 1 and info["notes"][0] in warnings[0]
