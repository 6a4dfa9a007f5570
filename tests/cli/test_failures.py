"""Errors as the user sees them; the golden files of the Dockerfile room hold many more."""

from __future__ import annotations

from trimaran.cli import failures
from trimaran.errors import DockerfileError, HostError, StepError, StepsError

TEXT = "one\ntwo\nthree\n\nfive\n"


def test_a_dockerfiles_fault_is_shown_with_its_lines() -> None:
    error = DockerfileError("bad", path="D", lines=(5, 5), source=TEXT, hint="do")
    assert failures.text(error) == (
        "ERROR: D:5: bad\nD:5\n   3 |     three\n   4 |\n   5 | >>> five\nhint: do"
    )


def test_a_fault_of_the_whole_file_has_no_lines() -> None:
    assert failures.text(DockerfileError("bad D", path="D")) == "ERROR: bad D"


def test_a_steps_output_and_lines_and_each_of_several() -> None:
    step = StepError("exit status 1", step="[2/2] RUN x", platform="linux/arm64", output=["no"])
    step.__cause__ = DockerfileError("", path="D", lines=(1, 1), source="RUN x")
    shown = "ERROR: [2/2] RUN x: exit status 1\n  | no\nD:1\n   1 | >>> RUN x"
    assert failures.text(step) == shown
    several = StepsError([step, HostError("full", "free some")])
    assert failures.text(several) == f"{shown}\n\nERROR: full\nhint: free some"
