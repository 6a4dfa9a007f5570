"""QEMU's troubles with the real QEMU and runtime: each with what is done about it, and without."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.executor import quirk_scenarios as scenarios
from tests.support.busybox import busybox
from tests.support.inside import run_inside
from tests.support.users import ordinary_folder

pytestmark = pytest.mark.real

Play = Callable[..., Any]


@pytest.fixture
def folder() -> Iterator[Path]:
    with ordinary_folder() as path:
        yield path


@pytest.fixture
def play(folder: Path) -> Play:
    def call(scenario: Callable[..., Any], *arguments: str, architecture: str = "armel") -> Any:
        return run_inside(scenario, "ordinary", folder, busybox(architecture), *arguments)

    return call


@pytest.mark.parametrize(
    ("platform", "cpu", "uname"),
    [
        ("arm/v5", "arm926", "armv5tel"),
        ("arm/v6", "arm1176", "armv6l"),
        ("arm/v7", "cortex-a7", "armv7l"),
    ],
)
def test_programs_see_the_settings_unless_they_have_their_own(
    play: Play, platform: str, cpu: str, uname: str
) -> None:
    assert play(scenarios.settings, platform) == [
        f"QEMU_CPU={cpu}",
        "GODEBUG=asyncpreemptoff=1",
        "DOTNET_EnableWriteXorExecute=0",
        "GODEBUG=x",
        uname,
    ]


@pytest.mark.parametrize(
    ("platform", "choice", "illegal"),
    [
        ("arm/v5", "auto", {"reverse", "movw", "dmb", "crc32b"}),
        ("arm/v6", "auto", {"movw", "dmb", "crc32b"}),
        ("arm/v7", "auto", {"crc32b"}),
        ("arm/v8", "auto", set()),
        ("arm/v6", "go", set()),
        ("arm/v6", "off", set()),
    ],
)
def test_instructions_that_a_variant_lacks_fail(
    play: Play, platform: str, choice: str, illegal: set[str]
) -> None:
    lines = play(scenarios.instructions, platform, choice)
    names = ["nothing", "reverse", "movw", "dmb", "crc32b"]
    assert lines == [f"{name} {132 if name in illegal else 0}" for name in names]


def test_debians_ports_run_on_the_cpus_of_their_variants(play: Play) -> None:
    assert play(scenarios.settings, "arm/v7", architecture="armhf")[-1] == "armv7l"


def test_an_illegal_instruction_of_process_1_is_explained(play: Play) -> None:
    result = play(scenarios.illegal, "arm/v6", "auto")
    assert result["status"] == 132
    assert result["message"] == "exit status 132: killed by SIGILL"
    assert "linux/arm/v6 was run on QEMU's arm1176" in result["hint"]
    assert result["notices"] == []  # no second run


def test_without_help_a_crash_of_process_1_lasts_for_ever(play: Play) -> None:
    assert play(scenarios.illegal, "arm/v6", "cpu") == "Stopped"


def test_a_container_whose_program_crashes_ends(play: Play) -> None:
    assert play(scenarios.illegal_container, "arm/v6", "auto") == 132


CHILD = f"sh -c '{scenarios.ONLY_STEADY}'; s=$?; echo ended; exit $s"
HIDDEN = f"sh -c '{scenarios.ONLY_STEADY}' || exit 100"


@pytest.mark.parametrize("script", [CHILD, HIDDEN], ids=["status 139", "told by QEMU alone"])
def test_a_crash_is_tried_once_more_from_the_parent_without_aslr(play: Play, script: str) -> None:
    result = play(scenarios.crash, "arm64", "auto", script, architecture="arm64")
    assert result["layer"] == ["- 644 0:0 /mark"]
    ((message, hint),) = result["notices"]
    assert "crashed in the emulator" in message
    assert "without address space layout" in hint


def test_without_the_quirk_a_crash_is_final(play: Play) -> None:
    result = play(scenarios.crash, "arm64", "crash", CHILD, architecture="arm64")
    assert result["status"] == 139
    assert result["notices"] == []
    assert "newer QEMU" in result["hint"]


def test_a_crash_that_comes_again_is_an_error(play: Play) -> None:
    result = play(
        scenarios.crash, "arm64", "auto", "sh -c 'kill -SEGV $$'; exit $?", architecture="arm64"
    )
    assert result["status"] == 139
    assert len(result["notices"]) == 1
    assert "in a fixed memory layout too" in result["hint"]


def test_a_hang_is_reported_and_then_ended(play: Play) -> None:
    result = play(scenarios.hang, "arm64", "auto", "2", architecture="arm64")
    assert result["seconds"] < 5
    assert "without output and CPU time" in result["message"]
    ((message, hint),) = result["notices"]
    first, *tree = message.splitlines()
    assert "no output and no CPU time for" in first
    assert "sleep 7373 (sleeping in" in tree[-1]
    assert "it will be ended after 2.0s" in hint
    assert result["output"][0] == "begun"
    assert any("sleep 7373" in line for line in result["output"])


@pytest.mark.parametrize(("choice", "end_s"), [("auto", "0"), ("go", "0")])
def test_without_a_timeout_a_hang_goes_on(play: Play, choice: str, end_s: str) -> None:
    assert play(scenarios.hang, "arm64", choice, end_s, architecture="arm64") == "Stopped"


def test_silent_work_is_no_hang(play: Play) -> None:
    # A busy kernel may hold up the container's start for half a second.
    result = play(scenarios.busy, "arm64", "2", architecture="arm64")
    assert result["layer"] == []
    assert result["notices"] == []


def test_a_program_for_which_nothing_is_registered(play: Play) -> None:
    result = play(scenarios.unhandled, "arm64", architecture="arm64")
    assert result["message"] == (
        "cannot start /bin/true: this machine has no handler for programs of linux/arm64"
    )


def test_a_cpu_counts_once_a_probe_ran_on_it(play: Play) -> None:
    result = play(scenarios.refused_cpu, "arm/v6")
    assert "no-such-cpu" in result["fault"]
    assert result["proven"] == "arm1176"


def test_the_emulator_signs_pointers_quickly(play: Play) -> None:
    assert play(scenarios.quick_cpu, "arm64") == "max,pauth-impdef=on"


def test_the_result_does_not_depend_on_quirks(play: Play) -> None:
    first, second = play(scenarios.identities, "arm64", architecture="arm64")
    assert first == second
    assert "w 0 0:0 /bin/yes" in first
