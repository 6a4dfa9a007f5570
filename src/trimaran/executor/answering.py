"""Answers the interpreter's questions: a stand-in for this program, or the emulator.

A question comes with the program's open file. Which file that is, this process sees by itself: the
container's word counts for nothing but the argv[0] that it would have had anyway.
"""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from trimaran.accelerator import calls
from trimaran.accelerator.answers import LIMIT_BYTES, Answer, Emulate, Native, encode
from trimaran.accelerator.judge import Question, Script
from trimaran.executor.callers import call_of, peer, root_of
from trimaran.executor.profiling import Profiler

_BACKLOG = 256
_MODE = 0o666  # a step's program of any user may ask

Judge = Callable[[Question], Answer]
Failed = Callable[[str], None]


class Slots:
    """Gives answers their counters: a pair each, native and emulated all the same.

    Attributes:
        native: the counters of stand-ins.
        answers: what was answered, by the first counter of its pair.
        refusals: the conditions by which programs were emulated, by the counter of those; known
            only where each exec asks.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._taken: dict[Answer, int] = {}
        self._next = 2
        self._lock = threading.Lock()
        self.native: set[int] = set()
        self.answers: dict[int, Answer] = {}
        self.refusals: dict[int, set[str]] = {}

    def refuse(self, slot: int, condition: str) -> int:
        """The counter of an exec, by that of its answer and what makes it emulated, if anything."""
        if not condition:
            return slot
        with self._lock:
            self.refusals.setdefault(slot + 1, set()).add(condition)
        return slot + 1

    def take(self, answer: Answer) -> int:
        """The counter of an answer; when all are taken, the last of its kind."""
        with self._lock:
            if answer in self._taken:
                return self._taken[answer]
            is_native = isinstance(answer, Native)
            slot = self._next
            if slot >= self._size - 4:
                slot = self._size - (2 if is_native else 4)
            else:
                self._next += 2
            if is_native:
                self.native.add(slot)
            self.answers[slot] = answer
            self._taken[answer] = slot
            return slot


class AnswerServer:
    """Answers what comes through the socket in a folder, each question in a thread of its own.

    Args:
        folder: of `StandIns`.
        judge: decides; may take its time.
        slots: counters.
        failed: takes the reason why the judge itself failed.
        profiler: is told of each exec; answers are then not left in the folder, so that each asks.
    """

    def __init__(
        self,
        folder: Path,
        judge: Judge,
        slots: Slots,
        failed: Failed,
        profiler: Profiler | None = None,
    ) -> None:
        self._folder = folder
        self._judge = judge
        self._slots = slots
        self._failed = failed
        self._profiler = profiler
        self._known: dict[str, Answer] = {}
        self._judging: dict[str, Future[Answer]] = {}
        self._lock = threading.Lock()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)

    def start(self) -> None:
        """Listen, in a thread that ends with `stop`."""
        descriptor = os.open(self._folder, os.O_PATH | os.O_DIRECTORY)
        try:
            # The folder's own path may be longer than an address (unix(7)).
            self._socket.bind(f"/proc/self/fd/{descriptor}/socket")
        finally:
            os.close(descriptor)
        (self._folder / "socket").chmod(_MODE)
        self._socket.listen(_BACKLOG)
        threading.Thread(target=self._accept, daemon=True).start()

    def forget(self) -> None:
        """Judge every program again: what a step installed may have changed more than its file."""
        self._known.clear()
        for path in (self._folder / "answers").iterdir():
            path.unlink(missing_ok=True)

    def stop(self) -> None:
        """Take no more questions."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):  # whoever asked may be gone
            text, descriptors, _, _ = socket.recv_fds(connection, 4 * LIMIT_BYTES, 2)
            try:
                connection.send(self._answer(connection, text, descriptors))
            finally:
                for descriptor in descriptors:
                    os.close(descriptor)

    def _answer(self, connection: socket.socket, text: bytes, descriptors: list[int]) -> bytes:
        pid = peer(connection)
        question = _question(pid, text, descriptors)
        if question is None:
            return encode(Emulate("", "not a question", settled=False), 0)
        key = "~".join(_key(one) for one in descriptors)
        judged = self._known.get(key) or self._once(key, question)
        answer = self._of_call(judged, pid)
        slot = self._slots.take(answer)
        data = encode(answer, slot)
        if not isinstance(judged, Emulate) or judged.settled:
            self._keep(key, judged, data)
        if self._profiler:
            self._profiler.begin(pid, self._slots.refuse(slot, _refusal(answer, pid)))
        return data

    def _once(self, key: str, question: Question) -> Answer:
        """What is judged of a file; who asks the same meanwhile gets the same answer."""
        with self._lock:
            begun = self._judging.get(key)
            future = self._judging.setdefault(key, Future())
        if begun is None:
            future.set_result(self._judged(question))
            del self._judging[key]
        return future.result()

    def _judged(self, question: Question) -> Answer:
        try:
            return self._judge(question)
        except Exception as error:  # noqa: BLE001 - whatever is wrong here, the emulator is right
            self._failed(f"{question.path}: {error!r}")
            return Emulate(question.path, "it could not be judged", settled=True)

    def _of_call(self, answer: Answer, pid: int) -> Answer:
        """The answer for one call, where what is judged of the file is not all."""
        if not isinstance(answer, Native) or not answer.calls:
            return answer
        try:
            return calls.judged(answer, call_of(pid))
        except Exception as error:  # noqa: BLE001 - as above
            self._failed(f"{answer.program}: {error!r}")
            return Emulate(answer.program, "its call could not be judged", settled=False)

    def _keep(self, key: str, answer: Answer, data: bytes) -> None:
        """Let the interpreter find the answer by itself next time, unless it is to ask again."""
        if self._profiler or (isinstance(answer, Native) and answer.calls):
            self._known[key] = answer
            return
        temporary = self._folder / f"{threading.get_ident():x}"
        temporary.write_bytes(data)
        temporary.rename(self._folder / "answers" / key)


def _refusal(answer: Answer, pid: int) -> str:
    """The condition that makes a stand-in's caller an emulated one, who waits for the answer."""
    if isinstance(answer, Emulate):
        return ""
    try:
        call = call_of(pid)
    except OSError:
        return ""
    found = call.condition(answer.fields)
    # One that asks for a script asks a second time if it has one.
    return found or ("" if answer.stand_in else "s")


def _question(pid: int, text: bytes, descriptors: list[int]) -> Question | None:
    fields = text.split(b"\0")
    if not descriptors or len(fields) < len(descriptors) + 2:
        return None
    paths = [os.readlink(f"/proc/self/fd/{one}") for one in descriptors]
    script = Script(paths[1], descriptors[1]) if len(descriptors) > 1 else None
    return Question(paths[0], descriptors[0], os.fsdecode(fields[1]), root_of(pid), script)


def _key(descriptor: int) -> str:
    status = os.fstat(descriptor)
    seconds, nanoseconds = divmod(status.st_ctime_ns, 10**9)
    return f"{status.st_dev:x}-{status.st_ino:x}-{seconds:x}-{nanoseconds:x}-{status.st_size:x}"
