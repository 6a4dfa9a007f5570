"""Scripted registries that end with the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from tests.registry.scripted import Answering, ScriptedRegistry, serve

Scripted = Callable[[Answering], ScriptedRegistry]


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with ExitStack() as stack:
        yield lambda answering: stack.enter_context(serve(answering))
