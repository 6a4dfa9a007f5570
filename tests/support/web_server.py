"""A web server on loopback: files with validators and ranges, redirects, faults, and a log."""

from __future__ import annotations

import email.utils
import hashlib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast
from urllib.parse import unquote, urlsplit

from tests.support.serving import serving


@dataclass
class Site:
    """What is served, by path.

    Attributes:
        files: contents.
        folder: what else is served: the files below it.
        headers: more headers of a path's answer.
        redirects: a path and where it sends to.
        cuts: after how many bytes a path's answer breaks off, once.
        statuses: statuses that a path answers with, each once, before it answers well.
        tokens: the Authorization that a path asks for.
        mtime_s: the Last-Modified of all, seconds since the epoch; None leaves it out.
        etags: they are sent.
        asked: the requests so far: method, path, status.
    """

    folder: Path | None = None
    files: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, dict[str, str]] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    cuts: dict[str, int] = field(default_factory=dict)
    statuses: dict[str, list[int]] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    mtime_s: int | None = 1_600_000_000
    etags: bool = True
    url: str = ""
    asked: list[tuple[str, str, int]] = field(default_factory=list)

    def statuses_of(self, path: str) -> list[int]:
        """The statuses of all answers for a path."""
        return [status for _, asked, status in self.asked if asked == path]

    def content(self, path: str) -> bytes | None:
        if path in self.files:
            return self.files[path]
        file = self.folder / path.lstrip("/") if self.folder else None
        return file.read_bytes() if file is not None and file.is_file() else None


@contextmanager
def serve_site(site: Site, tls: tuple[Path, Path] | None = None) -> Iterator[Site]:
    """Serve `site`, with a certificate and its key by HTTPS; its `url` is set."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.site = site
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*tls)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme, host = ("https", "localhost") if tls else ("http", "127.0.0.1")
    site.url = f"{scheme}://{host}:{server.server_port}"
    with serving(server):
        yield site


class _Server(ThreadingHTTPServer):
    site: Site

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing of a client that refuses the certificate, or goes away."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer()

    def do_HEAD(self) -> None:
        self._answer()

    def log_message(self, *words: object) -> None:
        """Say nothing."""

    def _answer(self) -> None:
        site = cast(_Server, self.server).site
        path = unquote(urlsplit(self.path).path)
        content = site.content(path)
        if site.statuses.get(path):
            self._send(path, site.statuses[path].pop(0), {})
        elif path in site.redirects:
            self._send(path, 302, {"Location": site.redirects[path]})
        elif path in site.tokens and self.headers["Authorization"] != site.tokens[path]:
            self._send(path, 401, {"WWW-Authenticate": "Basic"})
        elif content is None:
            self._send(path, 404, {})
        else:
            self._serve(site, path, content)

    def _serve(self, site: Site, path: str, content: bytes) -> None:
        etag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
        headers = dict(site.headers.get(path, {}))
        if site.etags:
            headers["ETag"] = etag
        if site.mtime_s is not None:
            headers["Last-Modified"] = email.utils.formatdate(site.mtime_s, usegmt=True)
        modified = headers.get("Last-Modified", "")
        same = site.etags and self.headers["If-None-Match"] == etag
        if same or (modified and self.headers["If-Modified-Since"] == modified):
            self._send(path, 304, headers)
            return
        first = self.headers["Range"] and self.headers["If-Range"] == etag
        start = int(self.headers["Range"].removeprefix("bytes=").partition("-")[0]) if first else 0
        if start:
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
        self._send(path, 206 if start else 200, headers, content[start:], site.cuts.pop(path, 0))

    def _send(
        self, path: str, status: int, headers: dict[str, str], body: bytes = b"", cut: int = 0
    ) -> None:
        cast(_Server, self.server).site.asked.append((self.command, path, status))
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body[:cut] if cut else body)
        if cut:
            self.close_connection = True
