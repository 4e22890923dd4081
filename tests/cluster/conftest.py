# SPDX-License-Identifier: Apache-2.0
"""Where the modules of these tests are."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "http")]


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: takes long or much memory; left out under sanitizers")
    config.addinivalue_line("markers", "alone: measures times or memory of the machine; no other test runs beside it")
