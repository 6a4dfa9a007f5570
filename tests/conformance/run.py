"""Cases, built by both sides, a few at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tests.conformance.builders import Builder, RefusedError
from tests.conformance.case import Case
from tests.conformance.compare import differences
from tests.support.flatten import Image
from tests.support.users import ordinary_user

_AT_ONCE = 3


@contextmanager
def judged(
    cases: Iterable[Case], ours: Builder, theirs: Builder, place: Path
) -> Iterator[dict[str, Future[list[str]]]]:
    """What `judge` will say of each case, by name."""
    place.mkdir()
    place.chmod(0o755)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        yield {case.name: pool.submit(judge, case, ours, theirs, place) for case in cases}
        pool.shutdown(cancel_futures=True)


def judge(case: Case, ours: Builder, theirs: Builder, place: Path) -> list[str]:
    """What differs, as lines; none if both sides agree."""
    context = place / case.name
    user = ordinary_user()
    case.write(context, (user.pw_uid, user.pw_gid))
    mine, other = _built(ours, case, context), _built(theirs, case, context)
    if isinstance(mine, str) or isinstance(other, str):
        return _refusals(case, mine, other)
    if case.fails:
        return ["both build what should fail"]
    lines = [f"- {platform}" for platform in other if platform not in mine]
    lines += [f"+ {platform}" for platform in mine if platform not in other]
    for platform in sorted({*mine} & {*other}):
        found = differences(case, mine[platform], other[platform])
        lines += [f"{platform} {line}" for line in found]
    return lines


def _built(builder: Builder, case: Case, context: Path) -> dict[str, Image] | str:
    try:
        return builder.build(case, context)
    except RefusedError as refused:
        return str(refused)


def _refusals(case: Case, mine: dict[str, Image] | str, other: dict[str, Image] | str) -> list[str]:
    if isinstance(mine, str) and isinstance(other, str):
        return [] if case.fails else ["both refuse it", _end(other), _end(mine)]
    if isinstance(mine, str):
        return ["trimaran alone refuses it", _end(mine)]
    assert isinstance(other, str)
    return ["the engine alone refuses it", _end(other)]


def _end(said: str) -> str:
    return "\n".join(said.splitlines()[-12:])
