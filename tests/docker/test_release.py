# SPDX-License-Identifier: Apache-2.0
"""docker/release in a repository of its own, whose program says its version and does nothing else. Packages and the image, which take
minutes and root, are left out: their scripts have tests."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
VERSION = "3.4.5"
TAG = f"v{VERSION}"
TARBALL = f"nestd-{VERSION}.tar.gz"
SOURCES_ONLY = ("--without", "packages", "--without", "image")

FILES = {
    "meson.build": f"project('nestd', 'c',\n  version: '{VERSION}',\n)\nsubdir('server')\n",
    "meson_options.txt": "option('commit', type: 'string')\noption('tests', type: 'boolean')\n",
    "server/meson.build": """executable('nestd', 'main.c', c_args: ['-DVERSION="@0@ (@1@)"'.format(meson.project_version(), get_option('commit'))])\n""",
    "server/main.c": '#include <stdio.h>\nint main(void)\n{\n    puts("nestd " VERSION);\n    return 0;\n}\n',
    "server/packages": "#!/bin/sh\n",
    "docker/helm/nestd/Chart.yaml": f"version: {VERSION}\nappVersion: {VERSION}\n",
    "docker/kustomize/kustomization.yaml": f"images:\n  - {{name: nestd, newTag: {VERSION}}}\n",
    ".github/CHANGELOG.md": f"# Changelog\n\n## {VERSION}, 2026-01-31\n\nAdded\n* all\n",
    ".gitignore": "/build*/\n",
}

WRONG = [
    ("meson.build", VERSION, "3.4.6", f"meson.build has another version than {VERSION}"),
    ("docker/helm/nestd/Chart.yaml", "\nappVersion: 3", "\nappVersion: 2", "the chart has another appVersion"),
    ("docker/helm/nestd/Chart.yaml", "version: 3", "version: 2", "the chart has another version"),
    ("docker/kustomize/kustomization.yaml", "3.4", "3.3", "docker/kustomize has another newTag"),
    (".github/CHANGELOG.md", "2026-01-31", "not released yet", f"CHANGELOG.md has no line '## {VERSION}, YEAR-MONTH-DAY'"),
]


def run(command, folder, **more):
    done = subprocess.run(
        list(map(str, command)), cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300, **more
    )
    return done.returncode, done.stdout


def git(folder, *arguments):
    who = {f"GIT_{role}_{what}": "x@example.org" for role in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    when = {"GIT_AUTHOR_DATE": "1700000000 +0000", "GIT_COMMITTER_DATE": "1700000000 +0000"}
    code, said = run(("git", *arguments), folder, env={**os.environ, **who, **when})
    assert code == 0, said


def release(repository, *arguments, **more):
    return run((repository / "docker/release", *arguments), repository, **more)


@pytest.fixture
def repository(tmp_path):
    if not shutil.which("meson") or not shutil.which("git"):
        pytest.skip("meson or git is not on the PATH")
    folder = tmp_path / "repository"
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (folder / "server/packages").chmod(0o755)
    shutil.copy(ROOT / "docker/release", folder / "docker/release")
    git(folder, "init", "-q")
    commit(folder)
    return folder


def commit(folder):
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "release")
    git(folder, "tag", "--force", TAG)


@pytest.mark.parametrize("name, before, after, said", WRONG)
def test_versions_must_agree(repository, name, before, after, said):
    path = repository / name
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after))
    commit(repository)
    code, printed = release(repository, "--dry-run", *SOURCES_ONLY, TAG, "made")
    assert code == 1 and said in printed, printed
    assert printed.count("\n") == 1, "nothing else is wrong"


def test_what_is_tagged_must_be_checked_out_and_clean(repository):
    dry_run = ("--dry-run", *SOURCES_ONLY, TAG, "made")
    assert release(repository, *dry_run)[0] == 0
    (repository / "of its own").touch()
    code, printed = release(repository, *dry_run)
    assert code == 1 and "has changes or files of its own" in printed
    git(repository, "add", "--all")
    git(repository, "commit", "-q", "-m", "after it")
    code, printed = release(repository, *dry_run)
    assert code == 1 and f"{TAG} is not what is checked out" in printed
    assert not (repository / "made").exists()


@pytest.mark.parametrize(
    "arguments, code, said",
    [
        (("v9.9.9", "made"), 1, "there is no tag v9.9.9"),
        ((TAG,), 2, "usage: docker/release"),
        (("--without", "sources", TAG, "made"), 2, "what is --without sources?"),
        (("--arch", "vax", "--dry-run", TAG, "made"), 1, "programs of vax do not run here"),
    ],
)
def test_wrong_arguments_are_refused(repository, arguments, code, said):
    found, printed = release(repository, *arguments)
    assert found == code and said in printed, printed


def read_members(tarball):
    with tarfile.open(tarball) as tar:
        return {one.name.partition("/")[2]: one for one in tar.getmembers() if one.isfile()}


def test_sources_are_what_is_tagged_and_the_same_wherever_they_are_made(repository, tmp_path):
    made = tmp_path / "made"
    (repository / "build").mkdir()
    (repository / "build/ignored").touch()
    code, printed = release(repository, *SOURCES_ONLY, TAG, made)
    assert code == 0 and "left out: packages" in printed and "left out: image" in printed, printed
    assert {path.name for path in made.iterdir()} == {TARBALL, "SHA256SUMS"}
    digest = hashlib.sha256((made / TARBALL).read_bytes()).hexdigest()
    assert (made / "SHA256SUMS").read_text() == f"{digest}  {TARBALL}\n"
    files = read_members(made / TARBALL)
    assert set(files) == {*FILES, "docker/release"}
    assert {(one.uid, one.gid, one.uname, one.mtime) for one in files.values()} == {(0, 0, "root", 1700000000)}
    assert {name for name, one in files.items() if one.mode == 0o755} == {"server/packages", "docker/release"}
    assert {one.mode for one in files.values()} == {0o644, 0o755}

    # Another clone goes on with it, which it does only where its own tarball has the same bytes.
    clone = tmp_path / "elsewhere"
    git(tmp_path, "clone", "-q", repository, clone)
    git(clone, "config", "tar.umask", "0077")
    code, printed = release(clone, *SOURCES_ONLY, TAG, made, umask=0o077, env={**os.environ, "TZ": "Asia/Kathmandu"})
    assert code == 0 and f"{TARBALL} is there already" in printed and "made nestd" not in printed, printed

    (clone / "server/more.c").touch()
    commit(clone)
    code, printed = release(clone, *SOURCES_ONLY, TAG, made)
    assert code == 1 and f"{made} is of another commit than {TAG} names" in printed, printed


def test_sources_that_say_another_version_are_no_release(repository, tmp_path):
    main = repository / "server/main.c"
    main.write_text(main.read_text().replace("nestd ", "nested "))
    commit(repository)
    code, printed = release(repository, *SOURCES_ONLY, TAG, tmp_path / "made")
    assert code == 1 and re.search(rf"this says 'nested {VERSION} \(\w+\)', not 'nestd {VERSION}", printed), printed
    assert list((tmp_path / "made").iterdir()) == []
