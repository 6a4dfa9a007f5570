"""What is tried again, how often and when."""

from __future__ import annotations

import email.utils
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from trimaran.errors import RegistryError, TrimaranError
from trimaran.events import Emit, Notice, ignore
from trimaran.registry.answers import ConnectionLost

TRANSIENT = frozenset({500, 502, 503, 504})
"""Statuses that may pass; what was asked for may have been done all the same."""
PASSING = TRANSIENT | {429}
"""Statuses after which asking again may help; after 429 nothing was done."""

_NOT_DONE = frozenset({429})
_NOTABLE_PAUSE_S = 3.0


class _Answered(Protocol):
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Mapping[str, str]: ...
    def close(self) -> None: ...


_A = TypeVar("_A", bound=_Answered)


@dataclass(frozen=True)
class RetryPolicy:
    """`attempts` in all; pauses double from `first_pause_s` up to `longest_pause_s`.

    A Retry-After is honoured up to `longest_wait_s`; a registry that asks for more is not asked
    again. One that has never answered is tried `first_connects` times: its name may be wrong.
    """

    attempts: int = 5
    first_connects: int = 2
    first_pause_s: float = 0.5
    longest_pause_s: float = 15.0
    longest_wait_s: float = 120.0
    sleep: Callable[[float], None] = time.sleep
    emit: Emit = ignore

    def attempts_left(self) -> Attempts:
        """A new count, for callers that decide themselves what to send next."""
        return Attempts(self)

    def run(
        self,
        ask: Callable[[], _A],
        *,
        repeatable: bool,
        answered: Callable[[], bool] = lambda: True,
    ) -> _A:
        """Ask until the answer is not worth another try, and give back the last one.

        A connection that was never made and 429 (RFC 6585, section 4: the request was not executed)
        are always tried again; a lost answer and 5xx only if asking twice does no harm.

        Args:
            ask: sends the request anew at each call.
            repeatable: the request may be executed twice (RFC 9110, section 9.2.2).
            answered: whether the other side has ever answered.

        Raises:
            ConnectionLost: also the last attempt had no answer.
        """
        attempts = self.attempts_left()
        while True:
            try:
                answer = ask()
            except ConnectionLost as error:
                if error.reached and not repeatable:
                    raise
                if attempts.tried >= self.first_connects and not answered():
                    raise
                attempts.wait(error)
                continue
            passing = PASSING if repeatable else _NOT_DONE
            if answer.status not in passing or not attempts.may_wait(answer.headers):
                return answer
            answer.close()
            cause = RegistryError(f"the registry answered {answer.status}")
            attempts.wait(cause, retry_after_s(answer.headers))


class Attempts:
    """The attempts that are left of one undertaking."""

    def __init__(self, policy: RetryPolicy) -> None:
        self._policy = policy
        self._tried = 1

    @property
    def tried(self) -> int:
        """How many attempts were made, the running one included."""
        return self._tried

    def renew(self) -> None:
        """Count anew: the undertaking got on."""
        self._tried = 1

    def may_wait(self, headers: Mapping[str, str]) -> bool:
        """Whether another attempt is left, and an answer's Retry-After short enough for it."""
        policy = self._policy
        return self._tried < policy.attempts and retry_after_s(headers) <= policy.longest_wait_s

    def wait(self, error: TrimaranError, wait_s: float = 0.0) -> None:
        """Pause before the next attempt, at least `wait_s` seconds; raise `error` if none is left.

        Raises:
            TrimaranError: `error`; the attempts are used up, or `wait_s` is too long.
        """
        policy = self._policy
        if self._tried >= policy.attempts or wait_s > policy.longest_wait_s:
            raise error
        pause_s = min(policy.first_pause_s * 2 ** (self._tried - 1), policy.longest_pause_s)
        pause_s = max(pause_s, wait_s)
        self._tried += 1
        if pause_s >= _NOTABLE_PAUSE_S:
            policy.emit(Notice("info", f"{error.message}; the next try is in {pause_s:.0f} s"))
        policy.sleep(pause_s)


def retry_after_s(headers: Mapping[str, str]) -> float:
    """The Retry-After header in seconds from now (RFC 9110, section 10.2.3); 0 if it says none."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        when = email.utils.parsedate_to_datetime(text)
    except (ValueError, IndexError, TypeError):
        return 0.0
    return max(0.0, when.timestamp() - time.time())
