"""Stand-ins are started once before they are used."""

from __future__ import annotations

from pathlib import Path

import pytest

from trimaran.accelerator.answers import Answer, Emulate, Native
from trimaran.accelerator.judge import Question
from trimaran.executor.trying import Tried

QUESTION = Question("/usr/bin/tool", 0, "tool", Path("/"))


def kit(folder: Path, script: str) -> Native:
    program = folder / "kit/base/tool"
    program.parent.mkdir(parents=True)
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    fields = ("xkit/base/tool", "0", "a/dev/.trimaran/kit/base", "*")
    return Native("/usr/bin/tool", "/dev/.trimaran/kit/base/tool", "tool 1", fields)


@pytest.mark.parametrize(
    "script", ["exit 0", "exit 1", "exit 127", 'test "$1 $2" = "$PWD" || exit 3', "cat >&2"]
)
def test_what_ends_by_itself_is_used(tmp_path: Path, script: str) -> None:
    native = kit(tmp_path, script)
    assert Tried(lambda _: native, tmp_path).answer(QUESTION) == native


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("kill -SEGV $$", "its stand-in was killed by signal 11 at its start"),
        ("kill -ILL $$", "its stand-in was killed by signal 4 at its start"),
        (
            "echo 'tool: error while loading shared libraries: libx.so: no' >&2; exit 127",
            "its stand-in cannot be loaded",
        ),
    ],
)
def test_what_crashes_is_emulated_from_then_on(tmp_path: Path, script: str, reason: str) -> None:
    native = kit(tmp_path, f"echo >>{tmp_path}/starts; {script}")
    tried = Tried(lambda _: native, tmp_path)

    assert [tried.answer(QUESTION), tried.answer(QUESTION)] == [
        Emulate("/usr/bin/tool", reason)
    ] * 2
    assert (tmp_path / "starts").read_text() == "\n"


def test_it_is_told_what_a_container_would_tell_it(tmp_path: Path) -> None:
    native = kit(tmp_path, f'echo "$@" >{tmp_path}/words')
    Tried(lambda _: native, tmp_path).answer(QUESTION)
    assert (tmp_path / "words").read_text() == f"{tmp_path}/kit/base --version\n"


def test_a_file_that_is_gone_is_no_stand_in(tmp_path: Path) -> None:
    native = kit(tmp_path, "exit 0")
    (tmp_path / "kit/base/tool").unlink()
    answer = Tried(lambda _: native, tmp_path).answer(QUESTION)
    assert isinstance(answer, Emulate)
    assert answer.reason.startswith("its stand-in cannot be started: ")


def test_what_is_emulated_stays_so(tmp_path: Path) -> None:
    emulated: Answer = Emulate("/usr/bin/tool", "no")
    assert Tried(lambda _: emulated, tmp_path).answer(QUESTION) is emulated
