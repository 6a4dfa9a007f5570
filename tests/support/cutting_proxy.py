"""A TCP proxy on loopback that breaks connections off after a given number of bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress


class CuttingProxy:
    """Forwards connections to `target`.

    Args:
        target: host and port.
        up_bytes: for each connection in turn, after how many bytes from the client it is cut;
            None, and every connection after the last one named, is left alone.
        down_bytes: the same for bytes from the target.
    """

    def __init__(
        self, target: str, up_bytes: Sequence[int | None], down_bytes: Sequence[int | None]
    ) -> None:
        host, _, port = target.rpartition(":")
        self._target = (host, int(port))
        self._limits = [list(up_bytes), list(down_bytes)]
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []
        self.cuts = 0
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"

    def run(self) -> None:
        """Take connections until `stop`."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                target = socket.create_connection(self._target)
                for limits, pair in zip(
                    self._limits, ((client, target), (target, client)), strict=True
                ):
                    limit = limits.pop(0) if limits else None
                    thread = threading.Thread(target=self._pump, args=(*pair, limit))
                    self._threads.append(thread)
                    thread.start()

    def stop(self) -> None:
        """End the listening, and wait for the connections' ends."""
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _pump(self, source: socket.socket, sink: socket.socket, limit: int | None) -> None:
        with suppress(OSError):
            while data := source.recv(65536 if limit is None else max(1, min(65536, limit))):
                if limit is not None:
                    limit -= len(data)
                sink.sendall(data)
                if limit is not None and limit <= 0:
                    self.cuts += 1
                    break
        for end in (source, sink):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        sink.close()


@contextmanager
def cutting_proxy(
    target: str,
    up_bytes: Sequence[int | None] = (),
    down_bytes: Sequence[int | None] = (),
) -> Iterator[CuttingProxy]:
    """Run a `CuttingProxy`; the client's connections must be closed before the end."""
    proxy = CuttingProxy(target, up_bytes, down_bytes)
    thread = threading.Thread(target=proxy.run)
    thread.start()
    try:
        yield proxy
    finally:
        proxy.stop()
        thread.join()
