"""Cases, built by both sides, a few at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.conformance.allowed import Allowance, left_over
from tests.conformance.builders import Builder, RefusedError
from tests.conformance.case import Case
from tests.conformance.compare import differences, refusals
from tests.support.flatten import Image
from tests.support.users import ordinary_user

_AT_ONCE = 3


@dataclass
class Verdict:
    """Of a case: what differs, as lines, and which allowances were used on the way."""

    lines: list[str] = field(default_factory=list)
    used: set[Allowance] = field(default_factory=set)

    def add(self, case: Case, found: Iterable[str], before: str = "") -> None:
        """Count differences, which are shown behind a word."""
        left, used = left_over(case.name, found)
        self.lines += [f"{before}{line}" for line in left]
        self.used |= used


Verdicts = dict[str, Future[Verdict]]


@contextmanager
def judged(
    cases: Iterable[Case], ours: Builder, theirs: Builder, place: Path
) -> Iterator[Verdicts]:
    """What `judge` will say of each case, by name."""
    place.mkdir()
    place.chmod(0o755)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield {case.name: pool.submit(judge, case, ours, theirs, place) for case in cases}
        pool.shutdown(cancel_futures=True)


def judge(case: Case, ours: Builder, theirs: Builder, place: Path) -> Verdict:
    """What differs, as lines; none if both sides agree."""
    context = place / case.name
    user = ordinary_user()
    case.write(context, (user.pw_uid, user.pw_gid))
    mine, other = _built(ours, case, context), _built(theirs, case, context)
    if isinstance(mine, str) or isinstance(other, str):
        return _refused(case, mine, other)
    if case.fails:
        return Verdict(["both build what should fail"])
    verdict = Verdict([f"- {platform}" for platform in other if platform not in mine])
    verdict.lines += [f"+ {platform}" for platform in mine if platform not in other]
    for platform in sorted({*mine} & {*other}):
        verdict.add(case, differences(case, mine[platform], other[platform]), f"{platform} ")
    return verdict


def _built(builder: Builder, case: Case, context: Path) -> dict[str, Image] | str:
    try:
        return builder.build(case, context)
    except RefusedError as refused:
        return str(refused)


def _refused(case: Case, mine: dict[str, Image] | str, other: dict[str, Image] | str) -> Verdict:
    if not isinstance(mine, str):
        return Verdict(["the engine alone refuses it", _end(str(other))])
    if not isinstance(other, str):
        return Verdict(["trimaran alone refuses it", _end(mine)])
    if not case.fails:
        return Verdict(["both refuse it", _end(other), _end(mine)])
    verdict = Verdict()
    verdict.add(case, refusals(mine, other))
    if verdict.lines:
        verdict.lines += [_end(other), _end(mine)]
    return verdict


def _end(said: str) -> str:
    return "\n".join(said.splitlines()[-12:])
