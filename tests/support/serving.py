"""The life of a server thread."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import BaseServer

_POLL_S = 0.02


@contextmanager
def serving(server: BaseServer) -> Iterator[None]:
    """Serve in a thread for the time of a `with` block; clients must be closed before its end."""
    thread = threading.Thread(target=server.serve_forever, args=(_POLL_S,))
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
