"""SOURCE_DATE_EPOCH: from the environment or a build argument, as buildx takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from trimaran.cli.build import _Flags, _request
from trimaran.cli.session import Session
from trimaran.errors import UsageError
from trimaran.request import BuildRequest


def request(tmp_path: Path, environment: dict[str, str], *build_args: str) -> BuildRequest:
    flags = _Flags(
        context=str(tmp_path),
        tags=(),
        platforms=(),
        file=None,
        build_args=build_args,
        target="",
        labels=(),
        no_cache=False,
        pull=False,
        build_contexts=(),
        outputs=(),
        push=False,
        metadata_file=None,
        iidfile=None,
        arch_tags=False,
    )
    return _request(Session(tmp_path, tmp_path, "", environment), flags)


def test_it_is_not_set_by_itself(tmp_path: Path) -> None:
    made = request(tmp_path, {"SOURCE_DATE_EPOCH": ""})
    assert (made.source_date_epoch, made.build_args) == (None, {})


def test_the_environments_is_an_argument_too(tmp_path: Path) -> None:
    made = request(tmp_path, {"SOURCE_DATE_EPOCH": "17"}, "A=1")
    assert made.source_date_epoch == 17
    assert made.build_args == {"A": "1", "SOURCE_DATE_EPOCH": "17"}


def test_an_argument_wins(tmp_path: Path) -> None:
    made = request(tmp_path, {"SOURCE_DATE_EPOCH": "17"}, "SOURCE_DATE_EPOCH=0")
    assert made.source_date_epoch == 0
    assert request(tmp_path, {}, "SOURCE_DATE_EPOCH=5").source_date_epoch == 5


@pytest.mark.parametrize("text", ["-1", "1.5", "now", "²"])
def test_what_is_no_number_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(UsageError, match="not a number of seconds"):
        request(tmp_path, {}, f"SOURCE_DATE_EPOCH={text}")
