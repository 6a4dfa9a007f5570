"""What `host setup` did to the running kernel: so that `host remove` takes back that and no more.

Files that setup writes need no record, they carry MARK in their first line.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

MARK = "# Written by `trimaran host setup`; `trimaran host remove` takes it away."


class Record(msgspec.Struct, frozen=True, rename="camel"):
    """The record's file, as JSON.

    Attributes:
        entries: an entry's name to the line that registered it.
        mounted_in_boot: the kernel's boot id under which setup mounted binfmt_misc; empty if it
            did not.
        enabled_in_boot: the same for switching binfmt_misc on.
    """

    entries: dict[str, str] = msgspec.field(default_factory=dict)
    mounted_in_boot: str = ""
    enabled_in_boot: str = ""

    def text(self) -> str:
        """As the file has it."""
        encoded = msgspec.json.encode(self, order="sorted")
        return msgspec.json.format(encoded).decode() + "\n"

    def __bool__(self) -> bool:
        return bool(self.entries or self.mounted_in_boot or self.enabled_in_boot)


def path_of(root: Path) -> Path:
    """Where the record is below a root folder."""
    return root / "var/lib/trimaran-host/record.json"


def load(root: Path) -> Record:
    """The record; an empty one if there is none, or if it cannot be read as one."""
    try:
        return msgspec.json.decode(path_of(root).read_bytes(), type=Record)
    except (OSError, msgspec.DecodeError):
        return Record()


def is_marked(path: Path) -> bool:
    """Whether a file is there and is one of setup's."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[:2]
    except OSError:
        return False
    return MARK in lines
