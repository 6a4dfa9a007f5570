from __future__ import annotations

import pytest

from trimaran.emulation import quirks
from trimaran.emulation.quirks import NAMES, Choice, Quirks, for_platform, parse
from trimaran.errors import UsageError


@pytest.mark.parametrize("text", ["auto", "AUTO", ""])
def test_auto_is_everything(text: str) -> None:
    assert parse(text) == Choice(frozenset(NAMES), by_name=False)


def test_off_is_nothing() -> None:
    assert parse("off") == Choice(frozenset(), by_name=True)
    assert for_platform(parse("off"), "arm1176") == Quirks(by_name=True)


def test_names_with_commas_between_them() -> None:
    assert parse("go, cpu") == Choice(frozenset({"go", "cpu"}), by_name=True)


@pytest.mark.parametrize("text", ["gogo", "auto,off", "go,off"])
def test_what_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="no quirk") as caught:
        parse(text)
    assert "aslr,cpu,crash,dotnet,go,pauth,stall" in caught.value.hint


def test_a_timeout_needs_the_watch() -> None:
    with pytest.raises(UsageError, match="needs the quirk stall"):
        parse("go", 60)
    assert parse("go,stall", 60).stall_timeout_s == 60


def test_what_programs_see() -> None:
    found = for_platform(Choice(), "arm1176")
    assert found.environment == {
        "DOTNET_EnableWriteXorExecute": "0",
        "GODEBUG": "asyncpreemptoff=1",
        "QEMU_CPU": "arm1176",
    }
    assert found.shown == ("cpu=arm1176", "dotnet", "go")
    assert for_platform(parse("go"), "arm1176").environment == {"GODEBUG": "asyncpreemptoff=1"}
    assert for_platform(Choice(), "").shown == ("dotnet", "go")
    quick = for_platform(Choice(), "", "max,pauth-impdef=on")
    assert quick.environment["QEMU_CPU"] == "max,pauth-impdef=on"
    assert quick.shown == ("dotnet", "go", "pauth")
    assert for_platform(Choice(), "arm1176", "max").environment["QEMU_CPU"] == "arm1176"
    assert for_platform(parse("cpu"), "", "max").environment == {}
    assert quirks.NONE.environment == {}
    assert quirks.NONE.shown == ()


@pytest.mark.parametrize(
    ("timeout_s", "warn_s", "end_s"), [(0, 300, 0), (60, 30, 60), (7200, 300, 7200)]
)
def test_a_stall_is_reported_before_it_is_ended(
    timeout_s: float, warn_s: float, end_s: float
) -> None:
    found = for_platform(parse("auto", timeout_s), "")
    assert (found.warn_after_s, found.end_after_s) == (warn_s, end_s)
    assert for_platform(parse("cpu"), "").warn_after_s == 0
