# SPDX-License-Identifier: Apache-2.0
"""The Debian package, made of the program that is tested: what is in it, and what it leaves. docker/check-packages has the rest:
on each Debian, under systemd."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DEBIAN = ROOT / "docker/debian"
UNIT = DEBIAN / "nestd.service"


def find_tool(name):
    if not shutil.which(name):
        pytest.skip(f"{name} is not on the PATH")
    return name


def run(*command, **more):
    done = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=120, **more)
    assert done.returncode == 0, done.stdout
    return done.stdout


def meson_version():
    return re.search(r"^  version: '(.+)',$", (ROOT / "meson.build").read_text(), re.M)[1]


def test_version_is_the_same_everywhere():
    version = meson_version()
    chart = (ROOT / "docker/helm/nestd/Chart.yaml").read_text()
    assert re.findall("^(?:version|appVersion): (.+)$", chart, re.M) == [version, version]
    kustomization = (ROOT / "docker/kustomize/kustomization.yaml").read_text()
    assert re.findall(r"newTag: ([\d.]+)", kustomization) == [version]
    changes = (ROOT / ".github/CHANGELOG.md").read_text()
    assert re.search(r"^## ([\d.]+)", changes, re.M)[1] == version


def test_unit_is_locked_up():
    """As systemd rates it: 0 is a service that can do nothing, 10 one that can do all."""
    printed = run(find_tool("systemd-analyze"), "security", "--offline=true", "--threshold=15", UNIT)
    assert float(re.search(r"exposure level for nestd.service: ([\d.]+)", printed)[1]) <= 1.5
    assert "MemoryDenyWriteExecute=yes" not in UNIT.read_text()  # oneDNN makes code at run time


@pytest.fixture(scope="module")
def package(binary, tmp_path_factory):
    find_tool("dh")
    folder = tmp_path_factory.mktemp("package")
    run(ROOT / "docker/package", "--program", binary, folder, env={**os.environ, "SOURCE_DATE_EPOCH": "1600000000"})
    (made,) = folder.glob("*.deb")
    return made


@pytest.fixture(scope="module")
def unpacked(package, tmp_path_factory):
    folder = tmp_path_factory.mktemp("unpacked")
    run("dpkg-deb", "--extract", package, folder)
    return folder


@pytest.mark.slow
def test_units_are_understood(unpacked, tmp_path):
    """With the program where it is here, and without the manual page, which is not installed."""
    find_tool("systemd-analyze")
    (units,) = unpacked.glob("**/systemd/system")
    for name in ("nestd.service", "nestd.socket"):
        text = (units / name).read_text().replace("/usr/bin/nestd", str(unpacked / "usr/bin/nestd"))
        (tmp_path / name).write_text(re.sub("Documentation=.*", "", text))
    both = (tmp_path / "nestd.service", tmp_path / "nestd.socket")
    assert run("systemd-analyze", "verify", *both) == ""
    both[0].write_text(both[0].read_text().replace("ProtectHome=yes", "ProtectHome=perhaps"))
    assert "perhaps" in run("systemd-analyze", "verify", *both)


@pytest.mark.slow
def test_lintian_has_no_complaint(package):
    find_tool("lintian")
    assert run("lintian", "--allow-root", "--fail-on", "error,warning", package) == ""


@pytest.mark.slow
def test_package_has_what_the_program_says_of_itself(binary, package, unpacked):
    control = run("dpkg-deb", "--field", package)
    assert re.search(rf"^Version: {re.escape(meson_version())}~deb\d+$", control, re.M)
    assert "libdnnl" in control and "libmicrohttpd" in control
    share = unpacked / "usr/share"
    for kind, path in {
        "bash": "bash-completion/completions/nestd",
        "zsh": "zsh/vendor-completions/_nestd",
        "fish": "fish/vendor_completions.d/nestd.fish",
    }.items():
        assert (share / path).read_text() == run(binary, "--describe", kind)
    assert run("gzip", "--decompress", "--stdout", share / "man/man1/nestd.1.gz") == run(binary, "--describe", "man")
    assert (unpacked / "usr/bin/nestd").stat().st_mode & 0o777 == 0o755


@pytest.mark.slow
def test_variables_of_the_environment_file_are_options(binary, unpacked):
    named = re.findall("^#?([A-Z_]+)=", (unpacked / "etc/default/nestd").read_text(), re.M)
    help_text = run(binary, "--help")
    for name in named:
        flag = "--" + name.removeprefix("NESTD_").lower().replace("_", "-")
        assert flag in help_text, name
    assert "NESTD_MODEL_ID" in named


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="dpkg installs as root only")
def test_purge_leaves_nothing(package, tmp_path):
    """In a folder that stands for a machine's root, without the packages that this one needs."""
    root = tmp_path / "root"
    (root / "var/lib/dpkg/updates").mkdir(parents=True)
    (root / "var/lib/dpkg/status").touch()
    (root / "etc").mkdir()
    dpkg = ["dpkg", f"--root={root}", "--force-script-chrootless", "--force-depends", "--no-triggers"]

    def files():
        return {str(path.relative_to(root)) for path in root.rglob("*") if "var/lib/dpkg" not in str(path) and not path.is_dir()}

    before = files()
    run(*dpkg, "--install", package)
    assert {"usr/bin/nestd", "etc/default/nestd"} < files()
    (root / "etc/default/nestd").write_text("NESTD_MODEL_ID=ours\n")
    run(*dpkg, "--force-confold", "--install", package)
    assert (root / "etc/default/nestd").read_text() == "NESTD_MODEL_ID=ours\n"
    run(*dpkg, "--remove", "nestd")
    assert "usr/bin/nestd" not in files() and "etc/default/nestd" in files()
    models = root / "var/lib/private/nestd"
    models.mkdir(parents=True)
    (models / "model").touch()
    (root / "var/lib/nestd").symlink_to("private/nestd")
    run(*dpkg, "--purge", "nestd")
    assert {name for name in files() if "nestd" in name} == set() and files() - before <= {"var/log/dpkg.log"}
