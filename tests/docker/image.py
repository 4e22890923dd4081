# SPDX-License-Identifier: Apache-2.0
"""What the Dockerfile sets in every container."""

import pathlib
import re

DOCKERFILE = pathlib.Path(__file__).resolve().parents[2] / "Dockerfile"


def image_environment():
    lines = re.findall(r"^ENV (.*)$", DOCKERFILE.read_text(), re.M)
    return dict(pair.split("=", 1) for line in lines for pair in line.split())


def image_port():
    return int(re.search(r"^EXPOSE (\d+)$", DOCKERFILE.read_text(), re.M)[1])
