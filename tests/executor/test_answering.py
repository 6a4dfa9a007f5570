"""Questions that come through the folder's socket."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from trimaran.accelerator.answers import Answer, Emulate, Native
from trimaran.accelerator.judge import Question
from trimaran.executor.answering import AnswerServer, Judge, Slots
from trimaran.executor.profiling import Profiler

NATIVE = Native("/usr/bin/tool", "/kit/tool", "tool 1", ("xkit/tool", "0", "*"))


@contextmanager
def asked(
    folder: Path, judge: Judge, profiler: Profiler | None = None
) -> Iterator[tuple[AnswerServer, Slots, list[str]]]:
    (folder / "answers").mkdir()
    slots, failures = Slots(64), list[str]()
    server = AnswerServer(folder, judge, slots, failures.append, profiler)
    server.start()
    try:
        yield server, slots, failures
    finally:
        server.stop()


def ask(folder: Path, program: Path, *more: Path) -> bytes:
    files = [os.open(path, os.O_RDONLY) for path in (program, *more)]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
            connection.connect(str(folder / "socket"))
            text = b"\0".join((b"path", b"name", *(b"script" for _ in more), b""))
            socket.send_fds(connection, [text], files)
            return connection.recv(4096)
    finally:
        for file in files:
            os.close(file)


@pytest.fixture
def program(tmp_path: Path) -> Path:
    path = tmp_path / "tool"
    path.write_bytes(b"\x7fELF")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "folder"
    path.mkdir()
    return path


def key(*paths: Path) -> str:
    return "~".join(
        f"{one.st_dev:x}-{one.st_ino:x}-{one.st_ctime_ns // 10**9:x}"
        f"-{one.st_ctime_ns % 10**9:x}-{one.st_size:x}"
        for one in (path.stat() for path in paths)
    )


def test_the_judge_sees_the_file_and_not_the_name(folder: Path, program: Path) -> None:
    seen: list[Question] = []

    def judge(question: Question) -> Answer:
        seen.append(question)
        return NATIVE

    with asked(folder, judge) as (_, slots, _):
        answer = ask(folder, program)

    assert (seen[0].path, seen[0].argv0) == (str(program), "name")
    assert seen[0].root == Path(f"/proc/{os.getpid()}/root")
    assert answer == b"c2\0xkit/tool\0" + b"0\0*\0"
    assert (folder / "answers" / key(program)).read_bytes() == answer
    assert (slots.native, slots.answers) == ({2}, {2: NATIVE})


def test_a_script_is_answered_for_with_its_program(folder: Path, program: Path) -> None:
    script = program.with_name("script")
    script.write_text("#!/usr/bin/tool\n")

    def judge(question: Question) -> Answer:
        assert question.script is not None
        return Emulate(question.script.path, "no")

    with asked(folder, judge):
        assert ask(folder, program, script) == b"E2\0"

    assert os.listdir(folder / "answers") == [key(program, script)]


def test_an_answer_that_may_change_is_not_kept(folder: Path, program: Path) -> None:
    with asked(folder, lambda question: Emulate(question.path, "no", settled=False)):
        assert ask(folder, program) == b"E2\0"
        assert ask(folder, program) == b"E2\0"

    assert os.listdir(folder / "answers") == []


def test_what_depends_on_the_call_is_asked_each_time(folder: Path, program: Path) -> None:
    judged: list[Question] = []

    def judge(question: Question) -> Answer:
        judged.append(question)
        return msgspec.structs.replace(NATIVE, calls="rust", exact=False)

    with asked(folder, judge) as (_, slots, _):
        assert ask(folder, program).startswith(b"c2\0xkit/tool\0")
        assert ask(folder, program).startswith(b"c2\0xkit/tool\0")

    assert len(judged) == 1
    assert slots.native == {2}
    assert os.listdir(folder / "answers") == []


def test_a_judge_that_fails_means_the_emulator(folder: Path, program: Path) -> None:
    def judge(question: Question) -> Answer:
        raise ValueError(question.argv0)

    with asked(folder, judge) as (_, _, failures):
        assert ask(folder, program) == b"E2\0"

    assert failures == [f"{program}: ValueError('name')"]


@pytest.mark.parametrize("text", [b"", b"\0", b"path\0", b"x" * 8000])
def test_what_is_no_question_is_answered_all_the_same(folder: Path, text: bytes) -> None:
    with (
        asked(folder, lambda _: NATIVE),
        socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection,
    ):
        connection.connect(str(folder / "socket"))
        connection.send(text or b"\0")
        assert connection.recv(4096) == b"E0\0"


def test_counters_that_run_out_are_shared() -> None:
    slots = Slots(12)
    natives = [Native(f"/{number}", "/kit", "tool 1", ()) for number in range(5)]
    taken = [slots.take(native) for native in natives]
    emulated = slots.take(Emulate("/a", "no"))

    assert taken == [2, 4, 6, 10, 10]
    assert emulated == 8
    assert slots.native == {2, 4, 6, 10}
    assert [slots.take(native) for native in natives] == taken


def test_each_step_asks_anew(folder: Path, program: Path) -> None:
    seen: list[str] = []

    def judge(question: Question) -> Answer:
        seen.append(question.path)
        return NATIVE

    with asked(folder, judge) as (server, _, _):
        ask(folder, program)
        server.forget()
        assert os.listdir(folder / "answers") == []
        ask(folder, program)

    assert seen == [str(program)] * 2


def test_with_a_profile_each_exec_asks_and_is_judged_once(folder: Path, program: Path) -> None:
    seen: list[str] = []
    refused = msgspec.structs.replace(NATIVE, fields=("qNO=such", *NATIVE.fields))

    def judge(question: Question) -> Answer:
        seen.append(question.path)
        return NATIVE if len(seen) == 1 else refused

    profiler = Profiler()
    with asked(folder, judge, profiler) as (server, slots, _):
        assert ask(folder, program) == ask(folder, program) == b"c2\0xkit/tool\0" + b"0\0*\0"
        assert len(seen) == 1
        assert os.listdir(folder / "answers") == []
        server.forget()
        assert ask(folder, program).startswith(b"c4\0qNO=such\0")
    profiler.stop()

    assert len(seen) == 2
    # This process asked; a condition that does not hold for it counts beside the native ones.
    assert sorted(profiler.sums()) == [2, 5]
    assert slots.refusals == {5: {"qNO=such"}}


def test_who_asks_the_same_meanwhile_waits_for_the_answer(folder: Path, program: Path) -> None:
    questions, all_asked = list[Question](), threading.Event()

    def judge(question: Question) -> Answer:
        questions.append(question)
        assert all_asked.wait(10)
        return NATIVE

    with asked(folder, judge), ThreadPoolExecutor() as threads:
        answers = [threads.submit(ask, folder, program) for _ in range(3)]
        while sum("_serve" in one.name for one in threading.enumerate()) < len(answers):
            time.sleep(0.01)
        time.sleep(0.2)
        all_asked.set()
        assert len({one.result() for one in answers}) == 1
    assert len(questions) == 1
