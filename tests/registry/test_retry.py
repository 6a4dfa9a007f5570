"""What is tried again, how often, and after which pauses."""

from __future__ import annotations

import email.utils
import time

import pytest

from trimaran.events import Event, Notice
from trimaran.registry.answers import ConnectionLost, Page
from trimaran.registry.retry import RetryPolicy, retry_after_s


def page(status: int, **headers: str) -> Page:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    return Page("", status, given, b"")


class Asked:
    """Gives back the prepared outcomes, one at each call; the last one for ever."""

    def __init__(self, *outcomes: Page | ConnectionLost) -> None:
        self.outcomes = outcomes
        self.times = 0

    def __call__(self) -> Page:
        outcome = self.outcomes[min(self.times, len(self.outcomes) - 1)]
        self.times += 1
        if isinstance(outcome, ConnectionLost):
            raise outcome
        return outcome


LOST = ConnectionLost("cut", reached=True)
UNREACHED = ConnectionLost("refused", reached=False)


def test_a_registry_that_never_answered_is_tried_twice() -> None:
    policy = RetryPolicy(sleep=lambda _: None)
    for outcome, times in ((UNREACHED, 2), (LOST, 2)):
        asked = Asked(outcome)
        with pytest.raises(ConnectionLost):
            policy.run(asked, repeatable=True, answered=lambda: False)
        assert asked.times == times
    asked = Asked(page(503))
    policy.run(asked, repeatable=True, answered=lambda: False)
    assert asked.times == policy.attempts


@pytest.mark.parametrize(
    ("outcome", "repeatable", "times"),
    [
        (page(503), True, 5),
        (page(503), False, 1),
        (page(429), False, 5),
        (page(501), True, 1),
        (page(404), True, 1),
        (LOST, True, 5),
        (LOST, False, 1),
        (UNREACHED, False, 5),
    ],
)
def test_only_what_does_no_harm_is_repeated(
    outcome: Page | ConnectionLost, repeatable: bool, times: int
) -> None:
    asked = Asked(outcome)
    policy = RetryPolicy(sleep=lambda _: None)
    if isinstance(outcome, ConnectionLost):
        with pytest.raises(ConnectionLost):
            policy.run(asked, repeatable=repeatable)
    else:
        assert policy.run(asked, repeatable=repeatable) is outcome
    assert asked.times == times


def test_pauses_double_and_success_ends_them() -> None:
    pauses: list[float] = []
    policy = RetryPolicy(sleep=pauses.append)
    asked = Asked(UNREACHED, page(500), LOST, page(200))
    assert policy.run(asked, repeatable=True).status == 200
    assert pauses == [0.5, 1.0, 2.0]


def test_retry_after_is_honoured_and_told() -> None:
    pauses: list[float] = []
    events: list[Event] = []
    policy = RetryPolicy(sleep=pauses.append, emit=events.append)
    assert policy.run(Asked(page(429, Retry_After="7"), page(200)), repeatable=False).status == 200
    assert pauses == [7.0]
    assert isinstance(events[0], Notice)
    assert "7 s" in events[0].message


def test_a_wait_that_is_too_long_is_not_begun() -> None:
    asked = Asked(page(429, Retry_After="3600"))
    assert RetryPolicy(sleep=lambda _: None).run(asked, repeatable=True).status == 429
    assert asked.times == 1


def test_retry_after_may_be_a_date() -> None:
    soon = email.utils.formatdate(time.time() + 30, usegmt=True)
    assert 25 < retry_after_s({"Retry-After": soon}) <= 30
    assert retry_after_s({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0
    assert retry_after_s({"Retry-After": "soon"}) == 0
    assert retry_after_s({"Retry-After": "²"}) == 0
    assert retry_after_s({}) == 0
