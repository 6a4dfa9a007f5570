"""Which tests run where."""

from __future__ import annotations

import os

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not asked for, and what another test runs in a namespace instead.

    The slow ones run only where the expression of -m names them. What gives files to other ids
    needs to be root: an ordinary user runs those in a namespace (`tests.executor.namespaced`).
    What `tests.support.ahead` has begun is judged at the end.
    """
    left_out = []
    if "slow" not in config.option.markexpr:
        left_out += [item for item in items if item.get_closest_marker("slow")]
    if os.geteuid() != 0:
        left_out += [item for item in items if item.get_closest_marker("many_ids")]
    items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)
    config.hook.pytest_deselected(items=left_out)
