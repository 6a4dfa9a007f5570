"""Each case built by trimaran and by Debian 13's BuildKit: the same files and the same config."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.conformance.allowed import not_needed
from tests.conformance.builders import both_builders
from tests.conformance.cases.gather import CASES
from tests.conformance.run import Verdicts, judged

pytestmark = [pytest.mark.real, pytest.mark.conformance]


@pytest.fixture(scope="module")
def verdicts(request: pytest.FixtureRequest) -> Iterator[Verdicts]:
    """All that were asked for, under way."""
    items = [item for item in request.session.items if isinstance(item, pytest.Function)]
    asked = {_asked(item) for item in items if item.path == request.path}
    chosen = [case for name, case in CASES.items() if name in asked]
    with (
        both_builders() as (ours, theirs),
        judged(chosen, ours, theirs, theirs.engines.folder / "contexts") as found,
    ):
        yield found


@pytest.mark.parametrize("name", CASES)
def test_both_give_the_same(name: str, verdicts: Verdicts) -> None:
    found = verdicts[name].result().lines
    assert not found, "\n".join(["", CASES[name].dockerfile, *found])


def test_every_allowance_is_needed(verdicts: Verdicts) -> None:
    used = {name: verdict.result().used for name, verdict in verdicts.items()}
    assert [allowance.reason for allowance in not_needed(used)] == []


def _asked(item: pytest.Function) -> object:
    return item.callspec.params["name"] if hasattr(item, "callspec") else None
