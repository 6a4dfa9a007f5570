"""SOURCE_DATE_EPOCH: from the environment or a build argument, as buildx takes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from trimaran.cli.build import _Flags, _request
from trimaran.cli.session import Session, epoch
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


def test_the_environments_is_an_argument_unless_one_is_given(tmp_path: Path) -> None:
    assert request(tmp_path, {"SOURCE_DATE_EPOCH": ""}).build_args == {}
    made = request(tmp_path, {"SOURCE_DATE_EPOCH": "17"}, "A=1")
    assert made.build_args == {"A": "1", "SOURCE_DATE_EPOCH": "17"}
    made = request(tmp_path, {"SOURCE_DATE_EPOCH": "17"}, "SOURCE_DATE_EPOCH=context")
    assert made.build_args == {"SOURCE_DATE_EPOCH": "context"}


def test_bases_are_made_at_a_number_of_seconds() -> None:
    assert (epoch(""), epoch("17")) == (None, 17)
    for text in ("-1", "1.5", "now", "²", "context"):
        with pytest.raises(UsageError, match="not a number of seconds"):
            epoch(text)
