# SPDX-License-Identifier: Apache-2.0
"""The options table, --help and the README say the same, and the README's example is real."""

import ast
import json
import pathlib
import re

import pytest

from harness import native_dtypes, run_to_end

ROOT = pathlib.Path(__file__).resolve().parents[2]
LITERAL = r'"(?:[^"\\]|\\.)*"'
ENTRY = re.compile(
    rf"^OPTION\((\w+),\s*(\w+),\s*\w+,\s*(NULL|{LITERAL}),\s*\d+,\s*\d+,"
    rf"\s*{LITERAL},\s*((?:{LITERAL}\s*)+)\)",
    re.M,
)


TEI_NAME = re.compile(r"^TEI_NAME\((\w+), \w+\)", re.M)
TEI_UNUSED = re.compile(rf"^TEI_UNUSED\((\w+), ({LITERAL}), ({LITERAL})\)", re.M)


GROUP = re.compile(rf"^GROUP\(\w+, ({LITERAL})\)$", re.M)


def text_of(literals):
    return "".join(ast.literal_eval(literal) for literal in re.findall(LITERAL, literals))


COMMANDS = {"ALL": {"serve", "embed", "evaluate"}, "TOOLS": {"embed", "evaluate"}}


def table(command=None):
    """{flag: (default or "", sentence)} of config/options.def, of one command or of all."""
    source = (ROOT / "config/options.def").read_text()
    rows = ENTRY.findall(source)
    assert len(rows) == len(re.findall(r"^OPTION\(", source, re.M)) > 20
    entries = {
        f"--{name.replace('_', '-')}": (text_of(default), text_of(sentence))
        for commands, name, default, sentence in rows
        if command is None or command in COMMANDS.get(commands, {commands.lower()})
    }
    return entries


def groups(command=None):
    """[[heading, flag ...] ...] of config/options.def, those with options of the command."""
    _, *parts = GROUP.split((ROOT / "config/options.def").read_text())
    listed = [
        [text_of(heading), *(f"--{row[1].replace('_', '-')}" for row in ENTRY.findall(rows))]
        for heading, rows in zip(parts[::2], parts[1::2])
    ]
    of_command = [[heading, *(flag for flag in flags if flag in table(command))] for heading, *flags in listed]
    assert len(of_command) > 8
    return [group for group in of_command if len(group) > 1]


def gather(lines, heading, flag):
    """The same of lines: what the two patterns find in them."""
    found = []
    for line in lines:
        if match := re.match(heading, line):
            found.append([match[1]])
        elif (match := re.match(flag, line)) and found:
            found[-1].append(match[1])
    return [group for group in found if len(group) > 1]


@pytest.fixture(scope="module")
def readme():
    path = ROOT / "README.md"
    if not path.exists():
        pytest.skip("no README.md")
    return path.read_text()


def plain(text):
    """Without line breaks, table escapes and code marks."""
    return " ".join(text.replace("\\|", "|").replace("`", "").split())


def readme_rows(readme):
    rows = (
        re.split(r"(?<!\\)\|", line)[1:-1]
        for line in readme.splitlines()
        if re.match(r"\|\s*`--", line)
    )
    return {re.search(r"--[\w-]+", row[0])[0]: [plain(cell) for cell in row] for row in rows}


def test_readme_lists_exactly_the_options(readme):
    assert set(readme_rows(readme)) - NOT_OPTIONS == set(table())


def test_readme_lists_them_in_their_groups(readme):
    assert gather(readme.splitlines(), r"\| \*\*([\w, ]+)\*\* \| \| \|$", r"\| `(--[\w-]+)") == groups()


def test_readme_gives_their_defaults_and_sentences(readme):
    rows = readme_rows(readme)
    for flag, (default, sentence) in table().items():
        assert plain(sentence) in rows[flag], f"{flag}: {rows[flag]}"
        others = [cell for cell in rows[flag] if cell != plain(sentence)]
        assert (
            (default in others)
            if default
            else ({"", "-", "\u2013", "\u2014", "none"} & set(others))
        ), f"{flag}: {rows[flag]}"


def tei_table():
    """{flag: (argument, why it has no effect)} of config/options.def."""
    source = (ROOT / "config/options.def").read_text()
    rows = TEI_UNUSED.findall(source)
    assert len(rows) == source.count("\nTEI_UNUSED(")
    return {f"--{name.replace('_', '-')}": (text_of(argument), text_of(why)) for name, argument, why in rows}


def test_readme_tells_which_of_teis_options_have_no_effect(readme):
    for flag, (argument, why) in tei_table().items():
        variable = flag[2:].upper().replace("-", "_")
        assert f"| `{variable}`, `{f'{flag} {argument}'.strip()}` | {why} |\n" in readme


def test_readme_names_teis_variables(readme):
    source = (ROOT / "config/options.def").read_text()
    names = TEI_NAME.findall(source)
    assert len(names) == source.count("\nTEI_NAME(") > 10
    for name in names:
        assert f"`{name.upper()}`" in readme


NOT_OPTIONS = {"--config", "--describe", "--help", "--version"}
HELPS = {"serve": ["--help"], "embed": ["embed", "--help"], "evaluate": ["evaluate", "-h"]}


def help_blocks(binary, command):
    text = run_to_end(binary, *HELPS[command]).stdout
    parts = re.split(r"^  (--[\w-]+)", text, flags=re.M)
    return {flag: plain(rest) for flag, rest in zip(parts[1::2], parts[2::2])}


@pytest.mark.parametrize("command", HELPS)
def test_help_lists_exactly_the_options(binary, command):
    blocks = help_blocks(binary, command)
    unused = set(tei_table()) if command == "serve" else set()
    assert set(blocks) - NOT_OPTIONS == set(table(command)) | unused
    for flag in unused:
        assert " ".join(tei_table()[flag]).strip() in blocks[flag]


@pytest.mark.parametrize("command", HELPS)
def test_help_lists_them_in_their_groups(binary, command):
    lines = run_to_end(binary, *HELPS[command]).stdout.splitlines()
    found = gather(lines, r"(\S.*):$", r"  (--[\w-]+)")
    end = [heading for heading, *_ in found].index("Besides")
    assert found[:end] == groups(command)


@pytest.mark.parametrize("command", HELPS)
def test_help_gives_their_defaults_and_sentences(binary, command):
    blocks = help_blocks(binary, command)
    for flag, (default, sentence) in table(command).items():
        assert plain(sentence) in blocks[flag], f"{flag}: {blocks[flag]}"
        assert default in blocks[flag], f"{flag}: {blocks[flag]}"


def example(readme):
    """The first request to /v1/embeddings of the README, and the reply printed below it."""
    request = re.search(r"curl[^`]*?/v1/embeddings[^`]*?-d\s*'(.*?)'", readme, re.S)
    assert request, "the README has no example request"
    reply = re.search(r"^```json\n(.*?)^```", readme[request.end() :], re.S | re.M)
    assert reply, "the README has no example reply"
    return json.loads(request[1]), reply[1]


# What sentence-transformers gives for the example's text with the float32 weights of the hub.
FLOAT32_WEIGHTS = {"What is Deep Learning?": [-0.07785141, -0.033280395, 0.019743303]}


def half_of_the_last_digit(number):
    return 0.5 * 10 ** -len(number.split(".")[1])


def test_example_numbers_are_those_of_float32_weights(readme):
    request, shown = example(readme)
    numbers = re.findall(r"-?\d+\.\d+", re.search(r'"embedding":\s*\[([^\]]*)\]', shown)[1])
    expected = FLOAT32_WEIGHTS[request["input"]]
    assert len(numbers) == len(expected)
    for value, number in zip(expected, numbers):
        assert abs(value - float(number)) <= half_of_the_last_digit(number), (value, number)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_example_reply_is_real(readme, servers, model, dtype):
    """With npm's float16 weights, which are the tests' model."""
    if dtype not in ["float32", *native_dtypes()]:
        pytest.skip("this CPU has no avx512_bf16")
    request, shown = example(readme)
    name = ["--served-model-name", request["model"]] if "model" in request else []
    reply = servers(model, "--dtype", dtype, *name).embed(**request)
    whole_vectors = [item["embedding"] for item in reply["data"]]
    shown_vectors = re.findall(r'"embedding":\s*\[([^\]]*)\]', shown)
    assert shown_vectors and len(shown_vectors) <= len(whole_vectors)
    for vector, text in zip(whole_vectors, shown_vectors):
        numbers = re.findall(r"-?\d+\.\d+(?:e-?\d+)?", text)
        assert len(numbers) >= 2
        for value, number in zip(vector, numbers):
            assert abs(value - float(number)) <= half_of_the_last_digit(number), (value, number)
    usage = re.search(r'"prompt_tokens":\s*(\d+)', shown)
    assert usage and int(usage[1]) == reply["usage"]["prompt_tokens"]


def test_limits_name_the_families_that_the_program_has(readme, binary, tmp_path):
    """Those that its refusal of another lists."""
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "unheard"}))
    refusal = run_to_end(binary, "--model-id", tmp_path)
    served = set(re.search(r"\(supported: (.*?)\)", refusal.stdout + refusal.stderr).group(1).split(", "))
    sentence = plain(re.search(r"by `model_type`: (.*?); and static", readme, re.S).group(1))
    named = set(re.split(r", | and ", re.sub(r" \(.*?\)", "", sentence)))
    assert named == served
    tried = set(re.findall(r"^\| `(\w[\w-]*)` \| .* \| under 1e-\d \|$", readme, re.M))
    assert tried - {"StaticEmbedding"} == served - {"llama", "mt5", "umt5"}
