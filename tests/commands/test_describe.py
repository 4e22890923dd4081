# SPDX-License-Identifier: Apache-2.0
"""nestd --describe: a manual page that groff takes without a warning, and completions that bash, zsh
and fish run. --help is the oracle of which flags there are."""

import re
import shutil
import subprocess

import pytest
from harness import environment


def output_of(*command, **how):
    run = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=60, **how)
    assert run.returncode == 0, run.stderr
    return run.stdout


def flags_of(binary, *command):
    """Of a command's --help: the flags, but those of Text Embeddings Inference without effect."""
    text = output_of(binary, *command, "--help").split("\nOf Text Embeddings Inference")[0]
    return set(re.findall(r"^  (--[a-z0-9-]+)", text, re.M))


@pytest.fixture(scope="module")
def described(binary, tmp_path_factory):
    """The files that --describe prints, by their kind."""
    folder = tmp_path_factory.mktemp("described")
    for kind in "man", "bash", "zsh", "fish":
        (folder / kind).write_text(output_of(binary, "--describe", kind))
    return folder


def tool(name):
    if not shutil.which(name):
        pytest.skip(f"there is no {name}")
    return name


def test_page_has_each_flag_and_no_warning(binary, described):
    run = subprocess.run(
        [tool("groff"), "-man", "-Tascii", "-ww", "-rHY=0", "-P-cbou", described / "man"],
        capture_output=True, text=True, timeout=60,
    )
    assert run.returncode == 0 and run.stderr == ""
    page = set(re.findall(r"^ +(--[a-z0-9-]+)", run.stdout, re.M))
    flags = flags_of(binary) | flags_of(binary, "embed") | flags_of(binary, "evaluate")
    assert flags == page
    port = re.search(r"^ +--port N\n(.*?)\n\n", run.stdout, re.M | re.S)[1]
    assert " ".join(port.split()) == (
        "TCP port to listen on; 0 takes a free one and logs it. "
        "The default is 8080. From 0 to 65535. For nestd serve."
    )


def test_page_has_the_groups_of_help(binary, described):
    helps = [output_of(binary, *command, "--help") for command in ([], ["embed"], ["evaluate"])]
    headings = {heading for text in helps for heading in re.findall(r"^([A-Z][\w, ]*):\n  --", text, re.M)}
    headings -= {"Of Text Embeddings Inference nestd also takes, without effect"}
    page = re.findall(r"^\.SS (.*)$", (described / "man").read_text(), re.M)
    assert len(page) == len(headings) > 8 and set(page) == headings


def completed_by_bash(described, line):
    words = line.split(" ")
    script = 'source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nestd nestd "${COMP_WORDS[-1]}" '
    script += '"${COMP_WORDS[-2]}"; printf "%s\\n" "${COMPREPLY[@]}"'
    return set(output_of("bash", "-c", script, "bash", described / "bash", *words).split())


def completed_by_fish(described, line):
    script = 'complete -c nestd -e; source $argv[1]; complete -C $argv[2]'
    reply = output_of(tool("fish"), "--no-config", "-c", script, described / "fish", line)
    return {row.split("\t")[0] for row in reply.splitlines()}


def completed_by_zsh(described, line):
    """zsh completes in a terminal alone: this is what it would be told there."""
    words = line.split(" ")
    script = r"""
        compadd() { print -rl -- "$@" }
        _arguments() { [[ $CURRENT -gt 1 ]] && print -rl -- "$@" }
        complete_nestd() { local -a words=("${@:2}"); local CURRENT=$#words; source "$1" }
        complete_nestd "$@"
    """
    rows = output_of(tool("zsh"), "-f", "-c", script, "zsh", described / "zsh", *words).splitlines()
    flags = dict(re.match(r"(?:\([^)]*\))?\*?(-[-a-z0-9]+)(.*)", row).groups() for row in rows if "-" in row)
    if words[-2] in flags:
        return set(re.search(r":\((.*)\)$", flags[words[-2]])[1].split())
    return {word for word in [*flags, *rows] if word.startswith(words[-1])}


SHELLS = {"bash": completed_by_bash, "zsh": completed_by_zsh, "fish": completed_by_fish}


@pytest.mark.parametrize("shell", SHELLS)
def test_shell_completes_what_there_is(binary, described, shell):
    def complete(line):
        return SHELLS[shell](described, line)

    assert {"serve", "embed", "evaluate"} <= complete("nestd ")
    assert {"--port", "--dtype", "--describe"} <= complete("nestd --")
    assert "--port" not in complete("nestd embed --") and "--resume" in complete("nestd embed --")
    assert {"auto", "float32", "bfloat16", "int8"} <= complete("nestd --dtype ")
    assert {"--max-queue-tokens", "--max-request-tokens"} <= complete("nestd serve --max-")


@pytest.mark.parametrize("kind", ["bash", "zsh", "fish"])
def test_each_flag_can_be_completed(binary, described, kind):
    text = (described / kind).read_text()
    for flag in flags_of(binary) | flags_of(binary, "embed") | flags_of(binary, "evaluate"):
        spelled = f"-l {flag[2:]}" if kind == "fish" else flag
        assert re.search(re.escape(spelled) + r"(?![a-z0-9-])", text), flag


@pytest.mark.parametrize("words", [["--describe"], ["--describe", "csh"], ["embed", "--describe", "--help"]])
def test_anything_else_is_refused(binary, words):
    run = subprocess.run([binary, *words], capture_output=True, text=True, env=environment(), timeout=60)
    assert run.returncode == 2 and run.stdout == ""
    assert "--describe: expected man, bash, zsh or fish after it" in run.stderr
