"""What the tests of rpm's roots do inside a namespace, where rpm may change its root."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tests.accelerator import rules_scenarios
from tests.support import rpms

from trimaran import machines
from trimaran.accelerator import databases
from trimaran.accelerator.answers import Native
from trimaran.accelerator.judge import Judge, Question
from trimaran.accelerator.kits import Kit
from trimaran.accelerator.trees import Tree

_TARGET, _HOST = "aarch64", "x86_64"
# A script of rpm's own language, which rpm itself runs: it waits in the midst of an installation.
_WAITS = """\
%post -p <lua>
posix.mkdir("/waits")
while not posix.stat("/go") do posix.sleep(1) end
"""
_WAITS_S = 60.0


def folders() -> tuple[Path, Path]:
    """Of packages for the target and for this machine; not to be called inside."""
    return rpms.packages(_TARGET), rpms.packages(_HOST)


def roots(place: Path, packages: Sequence[str]) -> tuple[Path, Path]:
    """The same distribution for the target, and for this machine as a kit."""
    made = place / _TARGET, place / _HOST
    for root, folder in zip(made, packages, strict=True):
        root.mkdir(exist_ok=True)
        filesystem, *others = rpms.archives(Path(folder))
        rpms.install(root, [filesystem])
        rpms.install(root, others)
    return made


def compared(folder: str, target: str, host: str, samples: str, stand_ins: str) -> Any:
    """As `rules_scenarios.compared`, in roots of rpm's."""
    place = Path(folder, stand_ins)
    place.mkdir()
    root, kit = roots(place, (target, host))
    arguments = (folder, str(root), str(kit), _TARGET, samples, stand_ins)
    return rules_scenarios.compared(*arguments)


def judged(folder: str, target: str, host: str) -> Any:
    """What is said of programs of a root that changes: a list for each state of it."""
    state = _State(Path(folder), (target, host))
    return {
        name: getattr(state, name)()
        for name in (
            *("fresh", "replaced", "shared", "upgrading", "killed", "upgraded", "equal"),
            *("half_written", "unreadable", "doubled"),
        )
    }


class _State:
    def __init__(self, place: Path, packages: Sequence[str]) -> None:
        self._place = place
        self._root, self._kit = roots(place, packages)
        target = machines.by_name(_TARGET)
        assert target
        (place / "own").mkdir()
        self._judge = self._new_judge()
        self._newer = {one: self._package("sed", "2", one, more=_WAITS) for one in (_TARGET, _HOST)}

    def fresh(self) -> list[str]:
        with Tree(self._root) as tree:
            database = databases.read(tree, databases.Memory())
            assert database
            found = f"{database.manager} {database.architecture} {database.busy}"
        return [found, *self._ask("cat", "sed", "uname", "rbash", "make")]

    def replaced(self) -> list[str]:
        shutil.copy2(self._root / "usr/bin/true", self._root / "usr/bin/tac")
        return self._ask("tac")

    def shared(self) -> list[str]:
        """A package that has `cat` as well, the same one; and another one in the place of `tee`."""
        tree = self._place / "other"
        (tree / "usr/bin").mkdir(parents=True)
        shutil.copy2(self._root / "usr/bin/cat", tree / "usr/bin/cat")
        shutil.copy2(self._root / "usr/bin/true", tree / "usr/bin/tee")
        package = rpms.build(self._place, "other", "1", _TARGET, tree)
        rpms.install(self._root, [package], "--replacefiles")
        found = self._ask("cat", "tee")
        rpms.remove(self._root, "other")
        return [*found, *self._ask("cat")]

    def upgrading(self) -> list[str]:
        """In the midst of it all that happened is in SQLite's log, and two versions are there."""
        self._rpm = self._begin()
        log = self._root / f"{rpms.FOLDER}/rpmdb.sqlite-wal".lstrip("/")
        assert log.stat().st_size > 0
        return self._ask("cat", "sed")

    def killed(self) -> list[str]:
        self._rpm.kill()
        self._rpm.wait()
        return self._ask("cat", "sed")

    def upgraded(self) -> list[str]:
        (self._root / "go").touch()
        rpms.install(self._root, [self._newer[_TARGET]], "--force")
        return self._ask("cat", "sed")

    def equal(self) -> list[str]:
        """The kit has the newer one, too."""
        (self._kit / "go").touch()
        rpms.install(self._kit, [self._newer[_HOST]])
        self._judge = self._new_judge()
        return self._ask("sed")

    def half_written(self) -> list[str]:
        journal = self._database.with_name("rpmdb.sqlite-journal")
        journal.write_bytes(b"x")
        found = self._ask("cat")
        journal.unlink()
        return [*found, *self._ask("cat")]

    def unreadable(self) -> list[str]:
        whole = self._database.read_bytes()
        self._database.write_bytes(whole[: len(whole) // 2])
        found = self._ask("cat")
        self._database.write_bytes(whole)
        return [*found, *self._ask("cat")]

    def doubled(self) -> list[str]:
        other = self._root / "var/lib/rpm/rpmdb.sqlite"
        other.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(self._database, other)
        return self._ask("cat")

    @property
    def _database(self) -> Path:
        return self._root / f"{rpms.FOLDER}/rpmdb.sqlite".lstrip("/")

    def _new_judge(self) -> Judge:
        target = machines.by_name(_TARGET)
        assert target
        kit = Kit("base", self._kit)
        return Judge(
            target,
            machines.host(),
            lambda name: kit if name == "base" else None,
            self._place / "own",
        )

    def _package(self, name: str, version: str, architecture: str, *, more: str) -> Path:
        """A new version, whose program differs in a byte behind its end."""
        tree = self._place / f"{name}-{version}-{architecture}"
        path = tree / "usr/bin" / name
        path.parent.mkdir(parents=True)
        path.write_bytes((self._place / architecture / "usr/bin" / name).read_bytes() + b"2")
        path.chmod(0o755)
        return rpms.build(self._place, name, version, architecture, tree, more=more)

    def _begin(self) -> subprocess.Popen[bytes]:
        """An upgrade that waits behind its files and its header."""
        words = (*rpms.command(self._root), "-U", "--ignorearch", self._newer[_TARGET])
        begun = subprocess.Popen(words)
        _wait((self._root / "waits").exists)
        return begun

    def _ask(self, *names: str) -> list[str]:
        return [self._answer(f"/usr/bin/{name}") for name in names]

    def _answer(self, path: str) -> str:
        program = os.open(self._root / path.lstrip("/"), os.O_RDONLY)
        try:
            seen = os.readlink(f"/proc/self/fd/{program}").removeprefix(str(self._root))
            answer = self._judge.answer(Question(seen, program, path, self._root))
        finally:
            os.close(program)
        if isinstance(answer, Native):
            return f"native {answer.package}"
        return f"{answer.reason}{'' if answer.settled else ' (now)'}"


def _wait(for_what: Callable[[], bool]) -> None:
    end = time.monotonic() + _WAITS_S
    while not for_what():
        assert time.monotonic() < end
        time.sleep(0.05)
