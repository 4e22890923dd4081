# SPDX-License-Identifier: Apache-2.0
"""The quick part of tests/fidelity.py: published scores and golden vectors."""

import pytest


@pytest.mark.long
@pytest.mark.slow
def test_published_figures_are_reproduced(servers, model, shared_data):
    import fidelity
    from harness import native_dtypes

    def start(*options):
        return servers(model, *options)

    assert fidelity.check_all(start, shared_data, quick=True, dtypes=native_dtypes()) == 0
