"""A socket in a step's own folder behind which the user's SSH agent answers.

The user's own socket cannot be lent: its owner and mode are not those that the Dockerfile asks for.
Passed on are only the requests that use keys. A step can neither add keys to the user's agent nor
remove or lock them. The protocol is draft-ietf-sshm-ssh-agent: a length of four bytes, a type, its
contents; each request has one answer.
"""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_REQUEST_IDENTITIES, _SIGN_REQUEST, _EXTENSION = 11, 13, 27
_PASSED_ON = (_REQUEST_IDENTITIES, _SIGN_REQUEST, _EXTENSION)
_FAILURE = struct.pack(">IB", 1, 5)
_LIMIT_BYTES = 256 * 1024  # OpenSSH's own

Connect = Callable[[], socket.socket]
"""Opens a connection to the agent. Raises OSError."""


@contextmanager
def listening(folder: Path, name: str, connect: Connect) -> Iterator[Path]:
    """Answer at a new socket for the time of a `with` block; gives its path.

    Raises:
        OSError: the socket cannot be made.
    """
    with _bound(folder, name) as server:
        thread = threading.Thread(target=_accept, args=(server, connect), daemon=True)
        thread.start()
        try:
            yield folder / name
        finally:
            with suppress(OSError):
                server.shutdown(socket.SHUT_RDWR)  # ends accept()
            thread.join()


def connect_to(path: Path) -> socket.socket:
    """A connection to the agent that listens at `path`.

    Raises:
        OSError: it is not there or does not answer.
    """
    client = socket.socket(socket.AF_UNIX)
    try:
        client.connect(os.fspath(path))
    except OSError:
        client.close()
        raise
    return client


@contextmanager
def _bound(folder: Path, name: str) -> Iterator[socket.socket]:
    # A path in a socket's address has at most 107 characters (unix(7)); stores may lie deeper.
    held = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(f"/proc/self/fd/{held}/{name}")
            server.listen()
            yield server
    finally:
        os.close(held)


def _accept(server: socket.socket, connect: Connect) -> None:
    while True:
        try:
            client, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_serve, args=(client, connect), daemon=True).start()


def _serve(client: socket.socket, connect: Connect) -> None:
    with client, suppress(OSError), connect() as agent:
        while request := _message(client):
            if len(request) > len(_FAILURE) - 1 and request[4] in _PASSED_ON:
                agent.sendall(request)
                client.sendall(_message(agent) or _FAILURE)
            else:
                client.sendall(_FAILURE)


def _message(source: socket.socket) -> bytes:
    """A whole message; empty at the end, or if it is none."""
    head = _exactly(source, 4)
    if not head:
        return b""
    (length,) = struct.unpack(">I", head)
    body = _exactly(source, length) if 0 < length <= _LIMIT_BYTES else b""
    return head + body if body else b""


def _exactly(source: socket.socket, count: int) -> bytes:
    chunks = bytearray()
    while len(chunks) < count:
        chunk = source.recv(count - len(chunks))
        if not chunk:
            return b""
        chunks += chunk
    return bytes(chunks)
