"""Changes of the host as frozen values: `describe` says what one does, `execute` does it.

A plan of changes can thus be shown, and tested, without any right to make them. Every `execute`
raises HostError, and none of them needs to be undone if it fails: it then did nothing.
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from trimaran.emulation import handlers
from trimaran.emulation.handlers import Handler
from trimaran.errors import HostError
from trimaran.linux import mounts

_MOUNT_HINTS: dict[int | None, str] = {
    errno.ENOENT: "sudo modprobe binfmt_misc",
    errno.ENODEV: "sudo modprobe binfmt_misc",
    errno.EPERM: "a container may not mount it: run this on the host itself",
    errno.EACCES: "a container may not mount it: run this on the host itself",
}


@dataclass(frozen=True, slots=True)
class MountTable:
    """Mount binfmt_misc; the kernel loads its module."""

    table: Path

    def describe(self) -> str:
        return f"mount binfmt_misc on {self.table}"

    def execute(self) -> None:
        try:
            mounts.BinfmtMisc(self.table).execute()
        except HostError as error:
            cause = error.__cause__
            number = cause.errno if isinstance(cause, OSError) else None
            raise HostError(error.message, _MOUNT_HINTS.get(number, error.hint)) from error


@dataclass(frozen=True, slots=True)
class UnmountTable:
    table: Path

    def describe(self) -> str:
        return f"unmount {self.table}"

    def execute(self) -> None:
        mounts.unmount(self.table)


@dataclass(frozen=True, slots=True)
class SwitchTable:
    """Let all entries count, or none."""

    table: Path
    on: bool

    def describe(self) -> str:
        return f"switch binfmt_misc {'on' if self.on else 'off'}: {self.table / 'status'}"

    def execute(self) -> None:
        with _explained(self.describe()):
            (self.table / "status").write_text("1" if self.on else "0", encoding="ascii")


@dataclass(frozen=True, slots=True)
class Register:
    table: Path
    handler: Handler

    def describe(self) -> str:
        one = self.handler
        return f"register {one.name}: {one.interpreter}, flags {one.flags}"

    def execute(self) -> None:
        handlers.register(self.table, self.handler)


@dataclass(frozen=True, slots=True)
class Unregister:
    """Remove an entry; `reason` tells why it must go."""

    table: Path
    name: str
    reason: str

    def describe(self) -> str:
        return f"unregister {self.name}: {self.reason}"

    def execute(self) -> None:
        handlers.unregister(self.table, self.name)


@dataclass(frozen=True, slots=True)
class WriteFile:
    """Give a file its whole text, by renaming a new one over it."""

    path: Path
    text: str
    mode: int = 0o644

    def describe(self) -> str:
        return f"write {self.path}"

    def execute(self) -> None:
        with _explained(self.describe()):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor, name = tempfile.mkstemp(prefix=".trimaran-", dir=self.path.parent)
            try:
                with os.fdopen(descriptor, "wb") as file:
                    file.write(self.text.encode(errors="surrogateescape"))
                    os.fchmod(file.fileno(), self.mode)
                    os.fsync(file.fileno())
                os.replace(name, self.path)
            except OSError:
                os.unlink(name)
                raise


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link at `path` to `target`."""

    path: Path
    target: str

    def describe(self) -> str:
        return f"link {self.path} to {self.target}"

    def execute(self) -> None:
        with _explained(self.describe()):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self.path.symlink_to(self.target)


@dataclass(frozen=True, slots=True)
class RemoveFile:
    """Remove a file or link, and the folder too if it was trimaran's own and is empty now."""

    path: Path
    own_folder: bool = False

    def describe(self) -> str:
        return f"remove {self.path}"

    def execute(self) -> None:
        with _explained(self.describe()):
            self.path.unlink(missing_ok=True)
            if self.own_folder and not os.listdir(self.path.parent):
                self.path.parent.rmdir()


Change = (
    MountTable | UnmountTable | SwitchTable | Register | Unregister | WriteFile | Link | RemoveFile
)


@contextmanager
def _explained(action: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno or 0)
        raise HostError(f"cannot {action}: {reason}") from error
