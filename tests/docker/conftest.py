# SPDX-License-Identifier: Apache-2.0
"""The fixtures of tests/http/, for what docker/ holds."""

import importlib.util
import pathlib

HTTP = pathlib.Path(__file__).resolve().parent.parent / "http" / "conftest.py"


def load(path):
    spec = importlib.util.spec_from_file_location("http_conftest", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


globals().update({name: value for name, value in vars(load(HTTP)).items() if not name.startswith("__")})
