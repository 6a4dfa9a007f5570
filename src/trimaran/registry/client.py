"""A client of registries: addresses, authorization and retries around one HTTP exchange."""

from __future__ import annotations

import http
import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from urllib.parse import urljoin

from trimaran.registry import challenges, hosts, refusals
from trimaran.registry.answers import Answer, ConnectionLost, Page
from trimaran.registry.auth import RegistryAuth, Scopes
from trimaran.registry.credentials import FindCredentials, no_credentials
from trimaran.registry.retry import RetryPolicy
from trimaran.registry.tokens import LIMIT_BYTES as TOKEN_LIMIT_BYTES
from trimaran.registry.transport import Body, Request, Transport
from trimaran.registry.unfinished import Unfinished

_ROUNDS = 3
"""Answers to 401 per request. A token that was just fetched may be used up by other threads."""

_PROBE_LIMIT_S = 5.0
"""Some servers of plain HTTP wait for the line's end that a TLS greeting never brings."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request to a registry.

    Attributes:
        method: the HTTP method.
        path: from `/v2/` on, or an absolute URL that the registry gave.
        scopes: what a token must allow, such as `repository:app:pull`.
        headers: without Authorization.
        body: bytes, or what makes its chunks each time.
        repeatable: it may be executed twice, so that a lost answer is a reason to ask again.
        tries: False sends it but once, whatever fails.
    """

    method: str
    path: str
    scopes: Scopes
    headers: Mapping[str, str]
    body: Body = b""
    repeatable: bool = True
    tries: bool = True


class Client:
    """Talks to any number of registries from any number of threads.

    Args:
        find_credentials: where logins are found, such as `DockerConfig(path).find`.
        certs_folder: Docker's certs.d, or None.
        proxies: the environment's proxy variables, as `Proxies` takes them.
        policy: what is tried again, how often and when.
        plain_http: registries (host and port) that may speak plain HTTP where they speak no TLS;
            those on this machine may in any case.
        unfinished: where uploads are noted, so that the next command goes on; None for nowhere.
    """

    def __init__(
        self,
        find_credentials: FindCredentials = no_credentials,
        *,
        certs_folder: Path | None = None,
        proxies: Mapping[str, str] | None = None,
        policy: RetryPolicy | None = None,
        plain_http: Collection[str] = (),
        unfinished: Unfinished | None = None,
    ) -> None:
        self._plain: set[str] = set()
        for registry in plain_http:
            self.allow_plain_http(registry)
        self.policy = policy or RetryPolicy()
        self.unfinished = unfinished
        self._find_credentials = find_credentials
        self._transport = Transport(certs_folder, proxies, self._plain)
        self._lock = threading.Lock()
        self._auths: dict[str, RegistryAuth] = {}
        self._bases: dict[str, str] = {}
        self._answered: set[str] = set()

    def send(self, registry: str, call: Call) -> Answer:
        """Send a call; the caller closes the answer, whatever its status.

        A 401 is met by another Authorization and the same request (RFC 9110, section 15.5.2).

        Raises:
            UnauthorizedError: the login is missing, wrong or not enough.
            ConnectionLost: there was no answer.
            RegistryError: the registry's certificate or address is not acceptable.
        """
        if not call.tries:
            return self._authorised(registry, call)
        return self.policy.run(
            lambda: self._authorised(registry, call),
            repeatable=call.repeatable,
            answered=lambda: registry in self._answered,
        )

    def read(self, registry: str, call: Call, limit_bytes: int) -> Page:
        """Send a call and read the whole answer; one that is cut is asked for again.

        Raises:
            RegistryError: as `send`, or the answer is over the limit.
        """

        def ask() -> Page:
            with self._authorised(registry, call) as answer:
                return answer.read(limit_bytes)

        return self.policy.run(
            ask, repeatable=call.repeatable, answered=lambda: registry in self._answered
        )

    def allow_plain_http(self, registry: str) -> None:
        """Let a registry speak plain HTTP if it speaks no TLS, as dockerd's insecure-registries.

        Raises:
            RegistryError: it is no host.
        """
        self._plain.add(hosts.name_of(hosts.api_host(registry)))

    def check_login(self, registry: str) -> str:
        """Let the registry judge the login (OCI distribution spec, Endpoints, end-1).

        Returns:
            What its token service gave to stand in for the password (Docker token authentication
            specification, `offline_token`), empty if nothing.

        Raises:
            UnauthorizedError: it refuses it.
            RegistryError: it is no registry, or failed.
        """
        auth = self._auth(registry)
        auth.want_identity_token()
        call = Call("GET", "/v2/", frozenset(), {})
        with self.send(registry, call) as answer:
            if answer.status != http.HTTPStatus.OK:
                raise refusals.refusal(answer, f"log in to {registry}")
        return auth.identity_token

    def close(self) -> None:
        """End all connections."""
        self._transport.close()

    def _authorised(self, registry: str, call: Call) -> Answer:
        url = urljoin(self._base(registry), call.path)
        sent_by = hosts.api_host(registry)
        request = Request(call.method, url, call.headers, call.body, sent_by=sent_by)
        if hosts.origin(url) != hosts.origin(self._base(registry)):
            return self._transport.send(request)
        auth = self._auth(registry)
        header = auth.header(call.scopes)
        for _ in range(_ROUNDS):
            answer = self._transport.send(_with_authorization(request, header))
            self._answered.add(registry)
            if answer.status == http.HTTPStatus.FORBIDDEN:
                raise auth.refusal(refusals.describe(refusals.whole(answer)), answer.status)
            if answer.status != http.HTTPStatus.UNAUTHORIZED:
                return answer
            offers = challenges.offers(answer.header_lines("WWW-Authenticate"))
            cause = refusals.describe(refusals.whole(answer))
            header = auth.escalate(offers, call.scopes, header)
        raise auth.refusal(cause)

    def _auth(self, registry: str) -> RegistryAuth:
        with self._lock:
            if registry not in self._auths:
                fetch = partial(self._fetch, hosts.api_host(registry))
                self._auths[registry] = RegistryAuth(registry, self._find_credentials, fetch)
            return self._auths[registry]

    def _fetch(self, sent_by: str, request: Request) -> Page:
        def ask() -> Page:
            with self._transport.send(replace(request, sent_by=sent_by)) as answer:
                return answer.read(TOKEN_LIMIT_BYTES)

        return self.policy.run(ask, repeatable=True)

    def _base(self, registry: str) -> str:
        with self._lock:
            if registry not in self._bases:
                self._bases[registry] = self._find_base(registry)
            return self._bases[registry]

    def _find_base(self, registry: str) -> str:
        """HTTPS; plain HTTP where it is allowed and no TLS is spoken."""
        host = hosts.api_host(registry)
        secure = f"https://{host}"
        if hosts.is_plain(hosts.name_of(host), self._plain):
            try:
                probe = Request("GET", f"{secure}/v2/", silence_limit_s=_PROBE_LIMIT_S)
                self._transport.send(probe).close()
            except ConnectionLost:
                return f"http://{host}"
        return secure


def _with_authorization(request: Request, header: str) -> Request:
    if not header:
        return request
    return replace(request, headers={**request.headers, "Authorization": header})
