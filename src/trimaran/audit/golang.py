"""What a Go program was built for: the build information that every one carries, stripped or not.

Go's compiler writes no attributes and no property notes, so this alone tells that a program of
GOARM=7 is in an image for ARMv6. The form is that of debug/buildinfo from Go 1.18 on.
"""

from __future__ import annotations

_MAGIC = b"\xff Go buildinf:"
_ALIGNMENT = 16
_HEADER_BYTES = 32
_INLINE = 2
"""The flag of strings that stand behind the header; before Go 1.18 there were no settings."""
_SENTINEL = bytes.fromhex("3077af0c9274080241e1c107e6d618e6")
_LIMIT_BYTES = 1 << 20
_SETTINGS = {
    21: b"GOPPC64",
    40: b"GOARM",
    62: b"GOAMD64",
    183: b"GOARM64",
    243: b"GORISCV64",
}
"""By e_machine: the setting that says which CPUs of the architecture are good enough."""


class GoSearch:
    """Finds the level of a Go program while its bytes pass.

    Args:
        e_machine: of the file.
        start: where the file's writable data begins: it stands there (.go.buildinfo).

    Attributes:
        level: the setting's value, such as `7` or `v3`; empty if there is none.
    """

    def __init__(self, e_machine: int, start: int = 0) -> None:
        self.level = ""
        self._setting = _SETTINGS.get(e_machine, b"")
        self._kept = b""
        self._start = start
        self._offset = 0
        self._done = not self._setting

    def feed(self, piece: bytes | memoryview) -> None:
        """Take the file's next bytes."""
        if self._done:
            return
        if self._offset + len(piece) <= self._start:
            self._offset += len(piece)
            return
        data = self._kept + piece
        at = data.find(_MAGIC)
        while at >= 0 and not self._may_be(data, at):
            at = data.find(_MAGIC, at + 1)
        settings = _settings(data[at:]) if at >= 0 else None
        if settings is not None:
            self._finish(settings)
        keep = len(data) - at if at >= 0 else min(len(data), len(_MAGIC) - 1)
        self._offset += len(data) - keep
        self._kept = data[len(data) - keep :]

    def _may_be(self, data: bytes, at: int) -> bool:
        """Whether the information stands here, or may when more has come: not in Go's own tools."""
        if (self._offset + at) % _ALIGNMENT or len(data) - at > _LIMIT_BYTES:
            return False
        header = data[at : at + _HEADER_BYTES]
        inline = len(header) == _HEADER_BYTES and header[15] & _INLINE and not any(header[16:])
        return len(header) < _HEADER_BYTES or bool(inline)

    def _finish(self, settings: bytes) -> None:
        self._done = True
        mark = b"build\t" + self._setting + b"="
        for line in settings.split(b"\n"):
            if line.startswith(mark):
                self.level = line.removeprefix(mark).decode("ascii", "replace")


def _settings(data: bytes) -> bytes | None:
    """The module information behind a header; None while not all of it is there."""
    version = _text(data, _HEADER_BYTES)
    module = _text(data, version[1]) if version else None
    if module is None:
        return None
    return module[0][16:-16] if module[0].startswith(_SENTINEL) else b""


def _text(data: bytes, at: int) -> tuple[bytes, int] | None:
    """A text behind its length, a varint, and where it ends; None if it is not whole."""
    size = 0
    for position, byte in enumerate(data[at : at + 4]):
        size |= (byte & 0x7F) << (7 * position)
        if byte < 0x80:  # noqa: PLR2004 - the last byte's mark
            start = at + position + 1
            return (data[start : start + size], start + size) if start + size <= len(data) else None
    return None
