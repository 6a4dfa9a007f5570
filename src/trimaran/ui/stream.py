"""The stream that a view writes to: whole texts, never an error that ends a build."""

from __future__ import annotations

from typing import TextIO


class Sink:
    """Writes to a text stream and flushes, so that a pipe's reader sees each line at once.

    A character that the stream's encoding lacks becomes `?`. Once the reader is gone or the disk is
    full, what follows is dropped: progress is not the result. Not thread-safe.

    Attributes:
        encoding: the stream's, in lower case.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._gone = False
        self.encoding = (getattr(stream, "encoding", None) or "utf-8").lower()

    def write(self, text: str) -> int:
        """Write all of `text`; gives back its length."""
        if not self._gone:
            try:
                self._stream.write(self._encodable(text))
                self._stream.flush()
            except (OSError, ValueError):  # ValueError: the stream was closed
                self._gone = True
        return len(text)

    def flush(self) -> None:
        """Nothing is held back: `write` flushes."""

    def isatty(self) -> bool:
        return not self._gone and self._stream.isatty()

    def _encodable(self, text: str) -> str:
        try:
            text.encode(self.encoding)
        except UnicodeEncodeError:  # lone surrogates included
            return text.encode(self.encoding, "replace").decode(self.encoding)
        return text
