"""One repository's address and rights: what every request to it has in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from trimaran.registry.answers import Answer, Page
from trimaran.registry.client import Call, Client
from trimaran.registry.transport import Body

_NO_HEADERS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Remote:
    """A repository (`library/busybox`) of a registry (`docker.io`) and the client to reach it."""

    client: Client
    registry: str
    repository: str

    @property
    def name(self) -> str:
        return f"{self.registry}/{self.repository}"

    def scope(self, actions: str) -> str:
        """The scope of a token that allows `actions`, such as `pull,push`.

        Docker token scope documentation, Resource scope grammar.
        """
        return f"repository:{self.repository}:{actions}"

    def path(self, rest: str) -> str:
        """The path of the repository's API `rest` (OCI distribution spec, Endpoints)."""
        return f"/v2/{self.repository}/{rest}"

    def ask(self, method: str, rest: str, headers: Mapping[str, str] = _NO_HEADERS) -> Answer:
        """Send a GET or HEAD; the caller closes the answer. Raises as `Client.send`."""
        return self.client.send(self.registry, self._reading(method, rest, headers))

    def read(self, rest: str, limit_bytes: int, headers: Mapping[str, str] = _NO_HEADERS) -> Page:
        """GET a whole body. Raises as `Client.read`."""
        return self.client.read(self.registry, self._reading("GET", rest, headers), limit_bytes)

    def write(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str] = _NO_HEADERS,
        body: Body = b"",
        more_scopes: frozenset[str] = frozenset(),
        actions: str = "pull,push",
        tries: bool = False,
    ) -> Answer:
        """Send what changes the repository, to a path or an upload's URL; once unless `tries`.

        Raises as `Client.send`.
        """
        scopes = frozenset({self.scope(actions)}) | more_scopes
        call = Call(method, path, scopes, headers, body, tries=tries)
        return self.client.send(self.registry, call)

    def _reading(self, method: str, rest: str, headers: Mapping[str, str]) -> Call:
        return Call(method, self.path(rest), frozenset({self.scope("pull")}), headers)
