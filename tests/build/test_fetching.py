from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from trimaran import events
from trimaran.build import debian
from trimaran.build.apt import FetchError, Programs
from trimaran.build.debian import Mirror
from trimaran.build.fetching import Batch, Source

# A stand-in for apt-get and dpkg-deb: a mirror that some architectures of some suites are broken
# on. A package is a text of its suite and architecture; unpacked it is the busybox.
_APT = """#!/bin/sh
cd "$(dirname "$(echo "$@" | sed 's/.*-c \\([^ ]*\\).*/\\1/')")"
suite=$(sed -n 's/^Suites: //p' debian.sources)
for architecture in $(sed -n 's/^Architectures: //p' debian.sources); do
    case " $BROKEN " in *" $suite/$architecture "*)
        echo "E: $suite/$architecture has an unexpected size" >&2
        exit 100 ;;
    esac
    echo "$suite $architecture" >"busybox-static_1_$architecture.deb"
done
"""
_DPKG = """#!/bin/sh
mkdir -p "$3/usr/bin" && cp "$2" "$3/usr/bin/busybox"
"""


def source(folder: Path, broken: str, suite: str = "trixie", *, may_move: bool = True) -> Source:
    tools, state = folder / "tools", folder / "state"
    for path in (tools, state):
        path.mkdir()
    for name, text in (("apt-get", _APT), ("dpkg-deb", _DPKG)):
        (tools / name).write_text(text)
        (tools / name).chmod(0o755)
    programs = Programs(str(tools), {"BROKEN": broken})
    return Source(suite, "amd64", Mirror(), programs, state, said.append, may_move=may_move)


said: list[events.Event] = []


@pytest.fixture(autouse=True)
def _clean(monkeypatch: pytest.MonkeyPatch) -> None:
    said.clear()
    monkeypatch.setattr("trimaran.build.apt.check_keyring", lambda: None)


def texts(batches: tuple[Batch, ...]) -> dict[str, str]:
    every: Mapping[str, Path] = {k: v for batch in batches for k, v in batch.programs.items()}
    return {name: path.read_text().strip() for name, path in every.items()}


def test_one_batch_where_the_mirror_is_well(tmp_path: Path) -> None:
    batches = source(tmp_path, "").fetch(("amd64", "riscv64"))
    assert len(batches) == 1
    assert texts(batches) == {"amd64": "trixie amd64", "riscv64": "trixie riscv64"}
    assert batches[0].own.read_text() == "trixie amd64\n"
    assert said == []


def test_a_broken_architecture_comes_from_the_next_suite(tmp_path: Path) -> None:
    batches = source(tmp_path, "trixie/riscv64").fetch(("arm64", "riscv64"))
    assert texts(batches) == {"arm64": "trixie arm64", "riscv64": "forky riscv64"}
    assert [batch.own.read_text() for batch in batches] == ["trixie amd64\n", "forky amd64\n"]
    (notice,) = said
    assert isinstance(notice, events.Notice)
    assert notice.level == "warning"
    assert "trixie/riscv64 has an unexpected size; taking forky's instead" in notice.message


def test_the_search_goes_on_through_all_suites(tmp_path: Path) -> None:
    broken = "trixie/riscv64 forky/riscv64"
    assert texts(source(tmp_path, broken).fetch(("riscv64",))) == {"riscv64": "sid riscv64"}
    assert len(said) == 2


@pytest.mark.parametrize(
    ("broken", "may_move"),
    [
        ("trixie/riscv64", False),  # the user named the suite
        ("trixie/riscv64 trixie/amd64", True),  # all of the mirror is broken, or the network is
        ("trixie/riscv64 forky/riscv64 sid/riscv64", True),
    ],
)
def test_what_cannot_be_had_is_an_error(broken: str, may_move: bool, tmp_path: Path) -> None:
    with pytest.raises(FetchError, match="riscv64 has an unexpected size"):
        source(tmp_path, broken, may_move=may_move).fetch(("riscv64",))


def test_later_suites() -> None:
    assert debian.later_suite("bookworm", ("armel", "amd64")) == "trixie"
    assert debian.later_suite("trixie", ("armel",)) == ""
    assert debian.later_suite("bookworm", ("mipsel",)) == ""
    assert debian.later_suite("sid", ("amd64",)) == ""
    assert debian.later_suite("buster", ("amd64",)) == ""
