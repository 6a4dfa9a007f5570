"""Tiny programs for arm64 whose exit status tells something (ARM ARM, A64)."""

from __future__ import annotations

import os
import struct
from pathlib import Path

_EXIT = (0xD2800BC8, 0xD4000001)  # mov x8, #94; svc 0
CODE = {
    # The effective user.
    "user": (0xD28015E8, 0xD4000001),
    # Become user 5, and tell who that made it.
    "become": (0xD28000A0, 0xD2801248, 0xD4000001, 0xD28015C8, 0xD4000001),
}
_CAP_SETUID = 7
_REVISION_AND_EFFECTIVE = 0x02000001  # VFS_CAP_REVISION_2, VFS_CAP_FLAGS_EFFECTIVE
_START = 0x400000


def write(path: str, name: str, mode: int, *, capable: bool = False) -> str:
    """Make a program of `CODE` that root owns; `capable`: with the file capability CAP_SETUID."""
    code = struct.pack(f"<{len(CODE[name]) + 2}I", *CODE[name], *_EXIT)
    size = 64 + 56 + len(code)
    ident = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    header = struct.pack(
        "<HHIQQQIHHHHHH", 2, 0xB7, 1, _START + 64 + 56, 64, 0, 0, 64, 56, 1, 0, 0, 0
    )
    segment = struct.pack("<IIQQQQQQ", 1, 5, 0, _START, _START, size, size, 0x10000)
    Path(path).write_bytes(ident + header + segment + code)
    os.chmod(path, mode)
    if capable:
        value = struct.pack("<5I", _REVISION_AND_EFFECTIVE, 1 << _CAP_SETUID, 0, 0, 0)
        os.setxattr(path, "security.capability", value)
    return path
