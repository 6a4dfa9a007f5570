"""Docker's daemon, by its Engine API over a Unix socket: images in and out as Docker archives.

`POST /images/load` and `GET /images/NAME/get` are what `docker load` and `docker save` call; both
are in every version of the API since 1.7.
"""

from __future__ import annotations

import http
import http.client
import os
import socket
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import msgspec

from trimaran.errors import HostError, ImageError, NotFoundError, UsageError
from trimaran.images import docker_archive
from trimaran.images.docker_archive import DockerArchive
from trimaran.images.tar_files import SCRATCH
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place
from trimaran.references import Reference

DEFAULT_SOCKET = Path("/var/run/docker.sock")
_CHUNK_BYTES = 1 << 20
_SAID_BYTES = 64 * 1024
_SILENCE_LIMIT_S = 600.0


class _Said(msgspec.Struct, frozen=True):
    message: str = ""
    error: str = ""


def socket_path(docker_host: str) -> Path:
    """The daemon's socket: DOCKER_HOST's, or the usual one if that is empty.

    Raises:
        UsageError: DOCKER_HOST names no Unix socket.
    """
    if not docker_host:
        return DEFAULT_SOCKET
    scheme, _, path = docker_host.partition("://")
    if scheme != "unix" or not path:
        raise UsageError(f"DOCKER_HOST is {docker_host!r}", "only unix://PATH is known")
    return Path(path)


class Engine:
    """The daemon behind a socket.

    Args:
        path: its socket.
        scratch: a folder for archives on their way.
    """

    def __init__(self, path: Path, scratch: Path = SCRATCH) -> None:
        self._path = path
        self._scratch = scratch

    def check(self) -> None:
        """Make sure that it answers. Raises HostError."""
        with self._asked("GET", "/_ping") as answer:
            answer.read(_SAID_BYTES)

    def load(self, source: Place, descriptor: Descriptor, names: tuple[Reference, ...]) -> None:
        """Give the daemon one platform's image.

        Raises:
            HostError: there is no daemon, or it refuses this user.
            ImageError: it refused the image.
        """
        with tempfile.TemporaryFile(dir=self._scratch) as file:
            docker_archive.write(source, descriptor, file, names=names)
            size = file.tell()
            file.seek(0)
            headers = {"Content-Type": "application/x-tar", "Content-Length": str(size)}
            with self._asked("POST", "/images/load?quiet=1", file, headers) as answer:
                said = answer.read(_SAID_BYTES)
                if answer.status != http.HTTPStatus.OK or _error(said):
                    raise ImageError(f"load an image into docker: {_error(said) or answer.status}")

    def saved(self, reference: Reference) -> DockerArchive:
        """An image of the daemon, as the archive that it saves.

        Raises:
            HostError: there is no daemon, or it refuses this user.
            NotFoundError: it has no such image.
            ImageError: the archive is not whole.
        """
        with tempfile.NamedTemporaryFile(dir=self._scratch, suffix=".tar") as file:
            name = quote(reference.familiar, safe="")
            with self._asked("GET", f"/images/{name}/get") as answer:
                if answer.status != http.HTTPStatus.OK:
                    raise _refusal(reference, answer.status, _error(answer.read(_SAID_BYTES)))
                while chunk := answer.read(_CHUNK_BYTES):
                    file.write(chunk)
            file.flush()
            return DockerArchive(Path(file.name), self._scratch)

    @contextmanager
    def _asked(
        self, method: str, path: str, body: IO[bytes] | None = None, headers: Any = None
    ) -> Iterator[http.client.HTTPResponse]:
        try:
            with closing(_Connection(self._path)) as connection:
                connection.request(method, path, body, headers or {})
                yield connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            raise self._unreachable(error) from error

    def _unreachable(self, error: Exception) -> HostError:
        said = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else error
        hint = "is dockerd running?"
        if isinstance(error, PermissionError):
            hint = "its users are those of the group docker, and root"
        return HostError(f"docker's daemon at {self._path}: {said}", hint)


class _Connection(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("docker", timeout=_SILENCE_LIMIT_S)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self._path))


def _refusal(reference: Reference, status: int, said: str) -> ImageError:
    if status == http.HTTPStatus.NOT_FOUND:
        return NotFoundError(f"docker has no image {reference.familiar}", "see: docker images")
    return ImageError(f"save {reference.familiar} from docker: {said or status}")


def _error(answer: bytes) -> str:
    """The error that an answer names, which may come after good lines of a stream."""
    for line in answer.splitlines():
        try:
            said = msgspec.json.decode(line, type=_Said)
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue
        if said.error or said.message:
            return "".join(c for c in said.error or said.message if c.isprintable())
    return ""
