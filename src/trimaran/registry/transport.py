"""One HTTP exchange: connection pools, TLS, proxies, redirects. No retries, no authorization."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar
from urllib.parse import unquote, urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationParseError,
    NewConnectionError,
    ProxyError,
    SSLError,
)

from trimaran import __version__
from trimaran.errors import RegistryError
from trimaran.registry import hosts, tls
from trimaran.registry.answers import Answer, ConnectionLost
from trimaran.registry.proxies import Proxies

_AGENT = f"trimaran/{__version__}"
_CONNECT_TIMEOUT_S = 20.0
_CONNECTIONS_PER_HOST = 16
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_CAUSES_LIMIT = 8
_CERTIFICATE_ALERTS = frozenset(
    {
        "TLSV13_ALERT_CERTIFICATE_REQUIRED",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN",
        "TLSV1_ALERT_UNKNOWN_CA",
    }
)
"""Alerts by which a server refuses a client's certificate (RFC 8446, section 6.2)."""

Body = bytes | Callable[[], Iterable[bytes]]
"""A body, or what makes its chunks anew each time that it must be sent."""


@dataclass(frozen=True, slots=True)
class Request:
    """`url` is absolute. A body that is made in chunks needs its Content-Length in `headers`.

    `silence_limit_s` is how long the other side may say nothing, `redirect_limit` how often it may
    send a GET or HEAD elsewhere. `sent_by` is the registry (host and port) that named the URL: its
    own authorities are trusted there too, as Docker does.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Body = b""
    silence_limit_s: float = 90.0
    sent_by: str = ""
    redirect_limit: int = 5


class Transport:
    """Pools of connections, for any number of threads.

    Args:
        certs_folder: folders HOST[:PORT] with `*.crt` (authorities), `*.cert` and `*.key` (this
            client's certificate), as Docker's certs.d holds them; None for none.
        proxies: the environment's proxy variables, as `Proxies` takes them.
        plain: names of hosts to which plain HTTP is allowed, beside this machine; may grow.
    """

    def __init__(
        self,
        certs_folder: Path | None = None,
        proxies: Mapping[str, str] | None = None,
        plain: Collection[str] = (),
    ) -> None:
        self._plain = plain
        self._certs_folder = certs_folder
        self._proxies = Proxies(proxies or {})
        self._pools: dict[tuple[Path | None, bool, str], urllib3.PoolManager] = {}
        self._lock = threading.Lock()

    def send(self, request: Request) -> Answer:
        """Send a request and give back the answer, after redirects if it is a GET or HEAD.

        RFC 9110, section 15.4. A redirect to another origin is sent no Authorization: storage has
        signed addresses of its own.

        Raises:
            ConnectionLost: there was no answer.
            RegistryError: the certificate is not trusted, or the way leads to plain HTTP.
        """
        answer = self._send_once(request)
        for _ in range(request.redirect_limit):
            target = answer.location()
            if answer.status not in _REDIRECTS or not target:
                return answer
            answer.close()
            request = _redirected(request, target)
            answer = self._send_once(request)
        answer.close()
        limit = request.redirect_limit
        raise RegistryError(f"{_shown(request.url)} redirects more than {limit} times")

    def close(self) -> None:
        """End all connections that wait for a next request."""
        for manager in self._pools.values():
            # `clear` alone leaves it to the garbage collector when they end.
            for key in manager.pools.keys():  # noqa: SIM118 - it is no mapping, and not iterable
                if pool := manager.pools.get(key):
                    pool.close()
            manager.clear()

    def _send_once(self, request: Request) -> Answer:
        hosts.check_secure(request.url, self._plain)
        body = request.body if isinstance(request.body, bytes) else request.body()
        try:
            response = self._pool(request).request(
                request.method,
                request.url,
                body=body or None,
                headers={"Accept-Encoding": "identity", "User-Agent": _AGENT, **request.headers},
                preload_content=False,
                redirect=False,
                retries=False,
                timeout=urllib3.Timeout(connect=_CONNECT_TIMEOUT_S, read=request.silence_limit_s),
            )
        except LocationParseError as error:
            raise RegistryError(f"malformed address {_shown(request.url)!r}") from error
        except HTTPError as error:
            raise _failure(request.url, error) from error
        return Answer(request.url, response)

    def _pool(self, request: Request) -> urllib3.PoolManager:
        proxy = self._proxies.choose(request.url)
        certs, as_client = self._certs(request)
        key = (certs, as_client, proxy)
        with self._lock:
            if key not in self._pools:
                context = tls.context(certs, as_client=as_client)
                self._pools[key] = _new_pool(context, proxy)
            return self._pools[key]

    def _certs(self, request: Request) -> tuple[Path | None, bool]:
        """The folder of the URL's host, or of who named it: then for its authorities alone."""
        host = urlsplit(request.url).netloc
        if self._certs_folder:
            for name in (host, request.sent_by):
                if name and (self._certs_folder / name).is_dir():
                    return self._certs_folder / name, name == host
        return None, False


def _new_pool(context: ssl.SSLContext, proxy: str) -> urllib3.PoolManager:
    if not proxy:
        return urllib3.PoolManager(maxsize=_CONNECTIONS_PER_HOST, ssl_context=context)
    parts = urlsplit(proxy)
    login = f"{unquote(parts.username)}:{unquote(parts.password or '')}" if parts.username else None
    return urllib3.ProxyManager(
        f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}",
        proxy_headers=urllib3.make_headers(proxy_basic_auth=login) if login else None,
        maxsize=_CONNECTIONS_PER_HOST,
        ssl_context=context,
    )


def _redirected(request: Request, target: str) -> Request:
    if request.method not in ("GET", "HEAD"):
        shown = _shown(request.url)
        raise RegistryError(f"{shown} redirects a {request.method}, which is not followed")
    headers = dict(request.headers)
    # Storage hosts have signed URLs of their own; the registry's secret is none of their business.
    if hosts.origin(target) != hosts.origin(request.url):
        headers.pop("Authorization", None)
    return replace(request, url=target, headers=headers)


def _shown(url: str) -> str:
    # The query may hold a signature that is as good as a password.
    return url.partition("?")[0]


_E = TypeVar("_E", bound=BaseException)


def _cause(error: BaseException | None, kind: type[_E]) -> _E | None:
    """The first exception of `kind` behind `error`: urllib3 wraps what the system said."""
    for _ in range(_CAUSES_LIMIT):
        if error is None or isinstance(error, kind):
            return error
        inner = next((one for one in error.args if isinstance(one, BaseException)), None)
        error = inner or error.__cause__ or error.__context__
    return None


def _failure(url: str, error: HTTPError) -> RegistryError:
    host = urlsplit(url).netloc
    untrusted = _cause(error, ssl.SSLCertVerificationError)
    if untrusted:
        return RegistryError(
            f"{host} is not trusted: {untrusted.verify_message}",
            "add its authority to the system's (update-ca-certificates), or as ca.crt to Docker's "
            f"certs.d/{host}",
        )
    refused = _cause(error, ssl.SSLError)
    if refused and refused.reason in _CERTIFICATE_ALERTS:
        return RegistryError(
            f"{host} wants another client certificate, or any: {refused.reason}",
            f"put it as client.cert, and its key as client.key, into Docker's certs.d/{host}",
        )
    cause = _cause(error, OSError)
    words = (cause.strerror if cause else "") or str(error)
    if isinstance(error, (NewConnectionError, ConnectTimeoutError, ProxyError)):
        hint = "check the registry's name and the network"
        return ConnectionLost(f"cannot connect to {host}: {words}", hint, reached=False)
    reached = not isinstance(error, SSLError)
    return ConnectionLost(f"no answer from {host}: {words}", reached=reached)
