# SPDX-License-Identifier: Apache-2.0
"""What is made once from a model's folder and kept for the next run."""

import pathlib
import shutil


def cached(model, name, make):
    """The folder model["converted"]/name; where it is missing, make(path) fills it. Half-made ones
    are made again."""
    folder = pathlib.Path(model["converted"]) / name
    if not folder.is_dir():
        partial = folder.with_suffix(".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        make(partial)
        partial.rename(folder)
    return folder
