from __future__ import annotations

import graphlib
import signal
import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trimaran.errors import StepError, StepsError
from trimaran.scheduler.runner import attempt, run
from trimaran.scheduler.tasks import Stopped, Task, check


def nothing() -> None:
    pass


def failing(name: str) -> Callable[[], None]:
    def action() -> None:
        raise StepError(name, step=name, platform="linux/arm64")

    return action


class Recorder:
    """Counts who runs at once, and in which order tasks began and ended."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.began: list[str] = []
        self.ended: list[str] = []
        self.running = {True: 0, False: 0}
        self.most = {True: 0, False: 0}

    def task(self, key: str, needs: tuple[str, ...] = (), *, heavy: bool = True) -> Task:
        def action() -> None:
            with self.lock:
                assert set(needs) <= set(self.ended)
                self.began.append(key)
                self.running[heavy] += 1
                self.most[heavy] = max(self.most[heavy], self.running[heavy])
            time.sleep(0.0005)
            with self.lock:
                self.running[heavy] -= 1
                self.ended.append(key)

        return Task(key, needs, action, heavy)


@st.composite
def graphs(draw: st.DrawFn) -> list[tuple[str, tuple[str, ...], bool]]:
    size = draw(st.integers(0, 12))
    rows = []
    for index in range(size):
        needs = draw(st.sets(st.integers(0, index - 1), max_size=3)) if index else set()
        rows.append((f"t{index}", tuple(f"t{need}" for need in sorted(needs)), draw(st.booleans())))
    return draw(st.permutations(rows))


@settings(max_examples=60, deadline=None)
@given(graphs(), st.integers(1, 3), st.integers(1, 3))
def test_any_graph_runs_each_task_once_after_its_needs_and_within_the_slots(
    rows: list[tuple[str, tuple[str, ...], bool]], heavy_slots: int, light_slots: int
) -> None:
    recorder = Recorder()
    tasks = [recorder.task(key, needs, heavy=heavy) for key, needs, heavy in rows]
    run(tasks, heavy_slots=heavy_slots, light_slots=light_slots, stop=threading.Event())
    assert sorted(recorder.ended) == sorted(key for key, _, _ in rows)
    assert recorder.most[True] <= heavy_slots
    assert recorder.most[False] <= light_slots


def test_ready_tasks_start_in_the_given_order() -> None:
    recorder = Recorder()
    tasks = [recorder.task("last", ("b",)), *(recorder.task(key) for key in "badc")]
    run(tasks, heavy_slots=1, stop=threading.Event())
    assert recorder.began == ["b", "last", "a", "d", "c"]


def test_light_tasks_run_while_a_heavy_one_holds_the_only_slot() -> None:
    light_ran = threading.Event()

    def heavy() -> None:
        assert light_ran.wait(5)

    tasks = [Task("heavy", (), heavy), Task("light", (), light_ran.set, heavy=False)]
    run(tasks, heavy_slots=1, stop=threading.Event())
    assert light_ran.is_set()


def test_a_failure_keeps_what_waits_from_starting() -> None:
    recorder = Recorder()
    stop = threading.Event()
    tasks = [Task("bad", (), failing("bad")), recorder.task("next", ("bad",)), recorder.task("b")]
    with pytest.raises(StepError, match="bad"):
        run(tasks, heavy_slots=1, stop=stop)
    assert stop.is_set()
    assert recorder.began == []


def test_a_failure_is_noticed_by_what_runs_and_that_is_no_second_failure() -> None:
    stop = threading.Event()
    noticed: list[bool] = []
    running = threading.Event()

    def patient() -> None:
        running.set()
        noticed.append(stop.wait(5))
        check(stop)

    def bad() -> None:
        assert running.wait(5)
        failing("bad")()

    with pytest.raises(StepError):
        run([Task("patient", (), patient), Task("bad", (), bad)], heavy_slots=2, stop=stop)
    assert noticed == [True]


def test_several_failures_are_told_in_the_given_order() -> None:
    barrier = threading.Barrier(2)

    def bad(name: str) -> Callable[[], None]:
        def action() -> None:
            barrier.wait(5)
            failing(name)()

        return action

    with pytest.raises(StepsError) as caught:
        run(
            [Task("x", (), bad("x")), Task("y", (), bad("y"))],
            heavy_slots=2,
            stop=threading.Event(),
        )
    assert [error.message for error in caught.value.errors] == ["x", "y"]


def test_a_fault_of_the_program_itself_is_not_dressed_up() -> None:
    def bug() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run([Task("bug", (), bug)], heavy_slots=1, stop=threading.Event())


def test_a_stop_from_outside() -> None:
    stop = threading.Event()
    recorder = Recorder()
    tasks = [Task("first", (), stop.set), recorder.task("second", ("first",))]
    with pytest.raises(Stopped):
        run(tasks, heavy_slots=1, stop=stop)
    assert recorder.began == []


@settings(max_examples=60, deadline=None)
@given(graphs(), st.sets(st.integers(0, 11)), st.integers(1, 3))
def test_an_attempt_leaves_out_what_needs_a_failure_and_nothing_else(
    rows: list[tuple[str, tuple[str, ...], bool]], bad: set[int], slots: int
) -> None:
    recorder = Recorder()
    fails = {f"t{number}" for number in bad} & {key for key, _, _ in rows}
    lost = set(fails)
    for _ in rows:
        lost |= {key for key, needs, _ in rows if lost & set(needs)}
    tasks = [
        Task(key, needs, failing(key)) if key in fails else recorder.task(key, needs, heavy=heavy)
        for key, needs, heavy in rows
    ]
    stop = threading.Event()
    failures = attempt(tasks, heavy_slots=slots, light_slots=slots, stop=stop)
    assert set(recorder.ended) == {key for key, _, _ in rows} - lost
    hindered = {key for key, needs, _ in rows if lost & set(needs)}
    assert list(failures) == [key for key, _, _ in rows if key in fails - hindered]
    assert not stop.is_set()


def test_an_attempt_ends_at_a_fault_of_the_program_itself_and_at_a_stop() -> None:
    def bug() -> None:
        raise ZeroDivisionError

    recorder, stop = Recorder(), threading.Event()
    tasks = [Task("bad", (), failing("bad")), Task("bug", (), bug), recorder.task("next")]
    with pytest.raises(ZeroDivisionError):
        attempt(tasks, heavy_slots=1, stop=stop)
    stopped = threading.Event()
    with pytest.raises(Stopped):
        attempt(
            [Task("bad", (), failing("bad")), Task("all", (), stopped.set), recorder.task("next")],
            heavy_slots=1,
            stop=stopped,
        )
    assert recorder.began == []


@pytest.mark.parametrize("runs", [run, attempt])
def test_ctrl_c_stops_and_waits_for_what_runs(runs: Callable[..., object]) -> None:
    stop = threading.Event()
    ended = []

    def action() -> None:
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
        assert stop.wait(5)
        time.sleep(0.05)
        ended.append(True)

    recorder = Recorder()
    with pytest.raises(KeyboardInterrupt):
        runs([Task("long", (), action), recorder.task("next")], heavy_slots=1, stop=stop)
    assert ended == [True]
    assert recorder.began == []


@pytest.mark.parametrize(
    ("tasks", "error"),
    [
        ([Task("a", (), nothing), Task("a", (), nothing)], ValueError),
        ([Task("a", ("b",), nothing)], ValueError),
        ([Task("a", ("b",), nothing), Task("b", ("a",), nothing)], graphlib.CycleError),
    ],
)
def test_graphs_that_are_none(tasks: list[Task], error: type[Exception]) -> None:
    with pytest.raises(error):
        run(tasks, heavy_slots=1, stop=threading.Event())
