from __future__ import annotations

import click
import pytest

from trimaran.cli.flags import GoCommand
from trimaran.errors import UsageError


@click.command("sample", cls=GoCommand)
@click.argument("words", nargs=-1)
@click.option("--pull", is_flag=True)
@click.option("--label")
def sample(words: tuple[str, ...], pull: bool, label: str | None) -> tuple[object, ...]:
    return words, pull, label


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--pull", "."], ((".",), True, None)),
        (["--pull=true", "."], ((".",), True, None)),
        (["--pull=1"], ((), True, None)),
        (["--pull=false", "."], ((".",), False, None)),
        (["--label=a=b"], ((), False, "a=b")),
        (["--", "--pull=true"], (("--pull=true",), False, None)),
    ],
)
def test_a_switch_may_be_given_a_value(arguments: list[str], expected: tuple[object, ...]) -> None:
    assert sample.main(arguments, standalone_mode=False) == expected


def test_a_value_that_is_neither_true_nor_false_is_refused() -> None:
    with pytest.raises(UsageError, match="neither true nor false"):
        sample.main(["--pull=maybe"], standalone_mode=False)
