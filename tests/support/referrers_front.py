"""docker-registry with the referrers API before it, which it lacks (distribution-spec, Listing
Referrers, Pushing Manifests with Subject).

Every request goes on to the registry. A manifest that names a subject gets OCI-Subject in the
answer to its PUT; the referrers are read from what the registry itself has stored.
"""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qs, quote, urlsplit

from tests.support.registry import RunningRegistry
from tests.support.serving import serving

_INDEX = "application/vnd.oci.image.index.v1+json"
_LISTING = re.compile(r"/v2/(?P<name>.+)/referrers/(?P<digest>sha256:[0-9a-f]{64})")
_PUT = re.compile(r"/v2/.+/manifests/[^/]+")
_NOT_PASSED_ON = frozenset({"connection", "transfer-encoding", "content-length", "host"})


@dataclass
class ReferrersFront:
    """A running front.

    Attributes:
        registry: what is behind it.
        page_size: how many referrers one answer holds.
        filters: whether it applies `artifactType`.
        host: 127.0.0.1:PORT.
        asked: the targets of the requests for referrers.
    """

    registry: RunningRegistry
    page_size: int
    filters: bool
    host: str = ""
    asked: list[str] = field(default_factory=list)

    def referrers(self, name: str, digest: str) -> list[dict[str, Any]]:
        """Descriptors of what names `digest` as its subject, in order of their digests."""
        folder = self.registry.storage / "docker/registry/v2/repositories" / name
        revisions = sorted((folder / "_manifests/revisions/sha256").glob("*/link"))
        found = (self._described(link.read_text()) for link in revisions)
        return [each for subject, each in found if subject == digest]

    def _described(self, digest: str) -> tuple[str, dict[str, Any]]:
        encoded = digest.removeprefix("sha256:")
        blobs = self.registry.storage / "docker/registry/v2/blobs/sha256"
        raw = (blobs / encoded[:2] / encoded / "data").read_bytes()
        manifest = json.loads(raw)
        artifact_type = manifest.get("artifactType") or manifest.get("config", {}).get("mediaType")
        descriptor = {
            "mediaType": manifest["mediaType"],
            "digest": digest,
            "size": len(raw),
            "artifactType": artifact_type,
            "annotations": manifest.get("annotations", {}),
        }
        return manifest.get("subject", {}).get("digest", ""), descriptor


@contextmanager
def referrers_front(
    registry: RunningRegistry, *, page_size: int = 2, filters: bool = True
) -> Iterator[ReferrersFront]:
    """Run a front; its clients must be closed before the end."""
    front = ReferrersFront(registry, page_size, filters)
    server = _Server(("127.0.0.1", 0), _Handler)
    server.front = front
    front.host = f"127.0.0.1:{server.server_port}"
    with serving(server):
        yield front


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    front: ReferrersFront


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 1 << 16

    def do_any(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        address = urlsplit(self.path)
        if self.command == "GET" and (listing := _LISTING.fullmatch(address.path)):
            self._front.asked.append(self.path)
            self._list(listing["name"], listing["digest"], parse_qs(address.query))
            return
        self._forward(body, _subject(body) if _PUT.fullmatch(address.path) else "")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_any  # noqa: N815

    @property
    def _front(self) -> ReferrersFront:
        return cast(_Server, self.server).front

    def _list(self, name: str, digest: str, query: Mapping[str, list[str]]) -> None:
        found = self._front.referrers(name, digest)
        headers = {"Content-Type": _INDEX}
        (wanted,) = query.get("artifactType", [""])
        if wanted and self._front.filters:
            found = [each for each in found if each["artifactType"] == wanted]
            headers["OCI-Filters-Applied"] = "artifactType"
        start = int(query.get("from", ["0"])[0])
        rest = found[start + self._front.page_size :]
        if rest:
            more = f"from={start + self._front.page_size}"
            more += f"&artifactType={quote(wanted, safe='')}" if wanted else ""
            headers["Link"] = f'</v2/{name}/referrers/{digest}?{more}>; rel="next"'
        page = found[start : start + self._front.page_size]
        index = {"schemaVersion": 2, "mediaType": _INDEX, "manifests": page}
        self._send(200, headers, json.dumps(index).encode())

    def _forward(self, body: bytes, subject: str) -> None:
        connection = http.client.HTTPConnection(self._front.registry.host, timeout=20)
        try:
            kept = {k: v for k, v in self.headers.items() if k.lower() not in _NOT_PASSED_ON}
            # The registry makes its addresses of this.
            kept |= {"Host": self.headers.get("Host", ""), "Content-Length": str(len(body))}
            connection.request(self.command, self.path, body, kept)
            answer = connection.getresponse()
            headers = {k: v for k, v in answer.headers.items() if k.lower() != "connection"}
            if subject and answer.status == http.client.CREATED:
                headers["OCI-Subject"] = subject
            self._send(answer.status, headers, answer.read())
        finally:
            connection.close()

    def _send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.send_response_only(status)
        length = {} if "Content-Length" in headers else {"Content-Length": str(len(body))}
        for name, value in {**headers, **length}.items():
            if name.lower() != "transfer-encoding":
                self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's name
        pass


def _subject(manifest: bytes) -> str:
    try:
        fields = json.loads(manifest)
    except ValueError:
        return ""
    digest: str = fields.get("subject", {}).get("digest", "")
    return digest
