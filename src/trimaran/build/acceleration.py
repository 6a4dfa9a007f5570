"""Native stand-ins for a build's emulated steps: registered, served, and made while steps run."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import msgspec

from trimaran import machines
from trimaran.accelerator import interpreter
from trimaran.accelerator.judge import Judge
from trimaran.build import explaining
from trimaran.build.base_kits import BaseKits
from trimaran.build.kits import KitMaker
from trimaran.emulation import handlers
from trimaran.emulation.handlers import Handler
from trimaran.emulation.support import Emulated, Support
from trimaran.events import Emit, Notice
from trimaran.executor.stand_ins import StandIns
from trimaran.graph.steps import Extract, Run, Step, chain
from trimaran.linux.mounts import Tmpfs, mounted
from trimaran.machines import Machine
from trimaran.platforms import Platform
from trimaran.rpm import databases as rpm
from trimaran.store.store import Store

_TABLE = Path("/proc/sys/fs/binfmt_misc")
_FLAGS = "POCF"
_PREFIX = "trimaran-native-"
_DATABASES = (
    *("var/lib/dpkg/status", "lib/apk/db/installed"),
    *(f"{folder}/{name}" for folder in rpm.FOLDERS for name in (rpm.SQLITE, rpm.NDB)),
)
_THREADS = 4
_LIMIT_BYTES = 256 * 1024 * 1024
"""Of interpreters, answers and changed copies: containers can make their counters longer."""
_HINT = (
    "--accelerate=compatible takes equal upstream versions, and rustc for all crates;"
    " newer bases may agree by themselves"
)


class Wish(msgspec.Struct, frozen=True):
    """What the user and the Dockerfile ask of stand-ins.

    Attributes:
        compatible: equal upstream versions are enough.
        texts: what the RUN steps of each platform do, to see whether they compile.
        verify: every accelerated step runs a second time without.
        explain: tell of every program why it had a stand-in or not.
    """

    compatible: bool
    texts: Mapping[Platform, tuple[str, ...]]
    verify: bool = False
    explain: bool = False


class _Base(msgspec.Struct, frozen=True):
    """An image that steps start from: its name, and the folders of its layers, base first."""

    name: str
    folders: tuple[Path, ...]


@dataclass
class Acceleration:
    """The stand-ins of one build.

    Attributes:
        store: where snapshots are.
        maker: makes kits.
        supports: how each platform's programs run here.
        wish: what is wanted.
        identity: a step's.
        emit: takes notices.
    """

    store: Store
    maker: KitMaker
    supports: Mapping[Platform, Support]
    wish: Wish
    identity: Callable[[Step], str]
    emit: Emit
    _made: dict[tuple[Platform, str], StandIns] = field(default_factory=dict)
    _kits: dict[tuple[Platform, str], BaseKits] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _stack: ExitStack = field(default_factory=ExitStack)
    _threads: ThreadPoolExecutor = field(default_factory=partial(ThreadPoolExecutor, _THREADS))
    _folder: Path | None = None
    _registered: set[str] = field(default_factory=set)

    @property
    def verify(self) -> bool:
        """Whether every accelerated step is to run a second time without."""
        return self.wish.verify

    @contextmanager
    def running(self) -> Iterator[None]:
        """Until the end of the `with` block stand-ins may be had; then all of it ends."""
        try:
            yield
            self._tell()
        finally:
            self.maker.stop.set()
            self._threads.shutdown(cancel_futures=True)
            self._stack.close()

    def _tell(self) -> None:
        if self.wish.explain and (text := explaining.explanation(self._made)):
            self.emit(Notice("info", f"native stand-ins:\n{text}"))
            for event in explaining.profile(self._made):
                self.emit(event)
        if advice := explaining.advice(self._made):
            self.emit(Notice("info", f"emulated for want of an equal stand-in: {advice}", _HINT))
        for (platform, base), kits in self._kits.items():
            newer = explaining.outdated(self._made[platform, base])
            if newer and kits.renew(newer):
                packages = ", ".join(sorted(newer))
                text = f"stand-ins for {base} on {platform} are older than its packages: {packages}"
                self.emit(Notice("info", text, "the next build makes the stand-ins anew"))

    def stand_ins(self, step: Run) -> StandIns | None:
        """What an emulated step's container is to be given; None if that is nothing.

        Raises:
            HostError: a mount was refused.
        """
        support, machine = self.supports.get(step.platform), step.platform.machine
        if not isinstance(support, Emulated) or not support.private or machine is None:
            return None
        base = self._base(step)
        key = (step.platform, base.name)
        with self._lock:
            if base.name and key not in self._made:
                self._made[key] = self._make(step.platform, machine, base, support.emulator.path)
            return self._made.get(key)

    def _base(self, step: Run) -> _Base:
        """The image that a step's file system began as; no name if it has no package database."""
        base = [link for link in chain(step) if isinstance(link, Extract)]
        found = [self.store.snapshot(self.identity(link)) for link in base]
        folders = tuple(folder for folder in found if folder)
        known = any((folder / name).exists() for folder in folders for name in _DATABASES)
        return _Base(base[-1].image if known else "", folders)

    def _make(self, platform: Platform, machine: Machine, base: _Base, emulator: Path) -> StandIns:
        if self._folder is None:
            folder = self._stack.enter_context(self.store.working_folder("stand-ins"))
            self._folder = self._stack.enter_context(
                mounted(Tmpfs(folder, _LIMIT_BYTES, shared=True))
            )
        if machine.name not in self._registered:
            self._register(machine, emulator, self._folder)
        folder = self._folder / f"{machine.name}-{len(self._made)}"
        folder.mkdir()
        made = StandIns(folder)
        self._stack.callback(made.close)
        self._serve(made, platform, machine, base)
        return made

    def _register(self, machine: Machine, emulator: Path, folder: Path) -> None:
        """Let the interpreter take the place of the emulator, which it is when in doubt."""
        file = folder / f"interpreter-{machine.name}"
        interpreter.write(file, folder_dev=folder.stat().st_dev, folder_ino=0, emulator=emulator)
        for one in handlers.for_machine(machine, file, _FLAGS):
            own = Handler(
                one.name.replace(handlers.PREFIX, _PREFIX, 1),
                *(one.magic, one.mask, one.interpreter, one.flags),
            )
            handlers.register(_TABLE, own)
            self._stack.callback(handlers.unregister, _TABLE, own.name)
        self._registered.add(machine.name)

    def _serve(self, made: StandIns, platform: Platform, machine: Machine, base: _Base) -> None:
        texts = self.wish.texts.get(platform, ())
        kits = BaseKits(self.maker, made, base.name, platform, texts, self._warn)
        kits.begin(self._threads)
        self._kits[platform, base.name] = kits
        judge = Judge(
            machine,
            machines.host(),
            kits.get,
            made.own,
            base=base.folders,
            compatible=self.wish.compatible,
        )
        failed = partial(self._warn, "a stand-in could not be judged")
        made.serve(judge.answer, failed, profile=self.wish.explain)
        threading.Thread(target=judge.prepare, daemon=True).start()

    def _warn(self, what: str, why: str) -> None:
        self.emit(Notice("warning", f"{what}: {why}", "its programs are emulated"))


def wanted(mode: str, supports: Mapping[Platform, Support]) -> bool:
    """Whether there is anything to accelerate, and a way to do it without touching the host."""
    private = any(isinstance(one, Emulated) and one.private for one in supports.values())
    return private and mode != "off" and interpreter.available()
