# SPDX-License-Identifier: Apache-2.0
"""The quick part of tests/fidelity.py: published scores and golden vectors."""

import pytest


@pytest.mark.slow
def test_published_figures_are_reproduced(servers, model, shared_data):
    import fidelity

    assert (
        fidelity.check_all(lambda *options: servers(model, *options), shared_data, quick=True) == 0
    )
