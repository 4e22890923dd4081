# SPDX-License-Identifier: Apache-2.0
"""Servers for the tests. NESTD_BINARY is the program, NESTD_MODEL the default model's folder with
its float16 weights."""

import os
import pathlib
import random
import shutil
import subprocess
import sys

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE / "http"), str(HERE), str(HERE / "models")]

from harness import Server, stop_all  # noqa: E402
from odd_weights import poison, write_sparse_weights  # noqa: E402


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes long or much memory; left out under sanitizers")
    config.addinivalue_line("markers", "alone: measures times or memory of the machine; no other test runs beside it")
    config.addinivalue_line("markers", "long: a minute or more; begun first where files run side by side")
    config.addinivalue_line("markers", "library: compares with sentence-transformers; run by the stage variations")


def pytest_collection_modifyitems(items):
    files = {item.path for item in items if item.get_closest_marker("long")}
    items.sort(key=lambda item: item.path not in files)


@pytest.fixture(scope="session")
def binary():
    path = os.environ.get("NESTD_BINARY")
    if not path:
        pytest.skip("NESTD_BINARY does not name the program")
    assert os.access(path, os.X_OK), f"NESTD_BINARY: {path} cannot be run"
    return os.path.abspath(path)


@pytest.fixture(scope="session")
def model():
    path = os.environ.get("NESTD_MODEL")
    if not path or not os.path.exists(os.path.join(path, "model.safetensors")):
        pytest.skip("NESTD_MODEL does not name a folder with the default model")
    return os.path.abspath(path)


@pytest.fixture(scope="session")
def python():
    """The folder of a Python that has PyTorch and sentence-transformers."""
    folder = HERE.parent / "build" / "variations-venv" / "bin"
    if not folder.exists():
        pytest.skip(f"no PyTorch at {folder}")
    return folder


@pytest.fixture(scope="session")
def tokenizer(model):
    """The official one on the same folder; truncation and padding off, as nestd ignores them."""
    tokenizers = pytest.importorskip("tokenizers")
    official = tokenizers.Tokenizer.from_file(os.path.join(model, "tokenizer.json"))
    official.no_truncation()
    official.no_padding()
    return official


@pytest.fixture(scope="session")
def shared_data():
    path = pathlib.Path(os.environ.get("SHARED_DIR", HERE.parents[1] / "shared")) / "data"
    if not path.is_dir():
        pytest.skip(f"no reference data at {path}")
    return path


@pytest.fixture(scope="module")
def servers(binary):
    """Running servers by model and options, shared by the tests of a file that only ask questions.
    They end with it: all files have some hundred, of a hundred megabytes and more."""
    running = {}

    def get(model, *options, trusted=None):
        key = (str(model), *map(str, options))
        if key not in running:
            running[key] = Server(binary, model, *options, trusted=trusted)
        return running[key].wait_ready()

    yield get
    stop_all(running.values())


@pytest.fixture(scope="session")
def server(binary, model):
    """The one without options, for all files."""
    running = Server(binary, model)
    yield running.wait_ready()
    stop_all([running])


@pytest.fixture
def start(binary):
    """Starts servers that belong to one test."""
    started = []

    def start_one(model, *options, **more):
        started.append(Server(binary, model, *options, **more))
        return started[-1]

    yield start_one
    stop_all(server for server in started if server.process.returncode is None)


@pytest.fixture
def disk(tmp_path):
    """A folder on a disk of its own, which holds 64 KiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    if os.geteuid() != 0 or not shutil.which("mount"):
        pytest.skip("only root can mount the small disk that this test fills")
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("no small disk can be mounted in this container")
    yield folder
    subprocess.run(["umount", folder], check=True)


@pytest.fixture(scope="session")
def copy_model(model, tmp_path_factory):
    """Copies of the default model with small files replaced, or left out where the text is None;
    its weights are linked."""

    def copy(files):
        folder = tmp_path_factory.mktemp("model")
        for entry in os.scandir(model):
            if entry.is_dir():
                shutil.copytree(entry.path, folder / entry.name)
            elif entry.name.endswith(".safetensors"):
                os.symlink(entry.path, folder / entry.name)
            elif entry.is_file():
                shutil.copy(entry.path, folder / entry.name)
        for path, text in files.items():
            (folder / path).unlink(
                missing_ok=True
            )  # first, since it may be a link into the model itself
            if text is not None:
                (folder / path).write_text(text)
        return folder

    return copy


@pytest.fixture(scope="session")
def model_variant(copy_model):
    """The same, made once; nobody may change it."""
    made = {}

    def get(files):
        key = frozenset(files.items())
        if key not in made:
            made[key] = copy_model(files)
        return made[key]

    return get


@pytest.fixture(scope="session")
def slow_model(copy_model):
    """A folder that takes a second or so to load."""
    folder = copy_model({"model.safetensors": None})
    write_sparse_weights(folder)
    return folder


@pytest.fixture(scope="session")
def poisoned_model(model, copy_model):
    """The default model, but for one number that is not finite: in the embedding of [MASK]."""
    folder = copy_model({"model.safetensors": None})
    poison(pathlib.Path(model) / "model.safetensors", folder / "model.safetensors", row=103)
    return folder


class Certificate:
    """Signed by itself, for 127.0.0.1; what --tls-cert and --tls-key want."""

    def __init__(self, folder, name):
        self.certificate = folder / f"{name}.crt"
        self.key = folder / f"{name}.key"
        self.options = ("--tls-cert", self.certificate, "--tls-key", self.key)
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
            + ["-nodes", "-days", "2", "-subj", f"/CN={name}", "-addext"]
            + ["subjectAltName=IP:127.0.0.1", "-out", self.certificate, "-keyout", self.key],
            check=True,
            capture_output=True,
        )


@pytest.fixture(scope="session")
def make_certificate(tmp_path_factory):
    folder = tmp_path_factory.mktemp("certificates")
    return lambda name: Certificate(folder, name)


@pytest.fixture(scope="session")
def certificate(make_certificate):
    return make_certificate("nestd-test")


@pytest.fixture(scope="module", params=["plain", "tls"])
def spoken(request, certificate):
    """What a server must be given to be spoken to plainly, and by TLS: options and `trusted`."""
    if request.param == "plain":
        return (), None
    return certificate.options, certificate.certificate


def make_rng():
    """Repeatable: the seed is in the output of a test that fails, and NESTD_TEST_SEED sets it."""
    seed = int(os.environ.get("NESTD_TEST_SEED", random.SystemRandom().randrange(2**32)))
    print(f"NESTD_TEST_SEED={seed}")
    return random.Random(seed)


@pytest.fixture
def rng():
    return make_rng()


@pytest.fixture(scope="module")
def module_rng():
    return make_rng()
