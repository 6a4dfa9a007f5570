"""Which tests run where."""

from __future__ import annotations

import os

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is not asked for, and what another test runs in a namespace instead.

    The slow ones and those of conformance run only where the expression of -m names them. What
    gives files to other ids needs to be root: an ordinary user runs those in a namespace
    (`tests.executor.namespaced`). Newer engines need to be root, too (`tests.support.engines`).
    What `tests.support.ahead` has begun is judged at the end.
    """
    unwanted = {mark for mark in ("slow", "conformance") if mark not in config.option.markexpr}
    if os.geteuid() != 0:
        unwanted |= {"many_ids", "conformance"}
    left_out = [item for item in items if any(map(item.get_closest_marker, unwanted))]
    items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: item.get_closest_marker("last") is not None)
    config.hook.pytest_deselected(items=left_out)
