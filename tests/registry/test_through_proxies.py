"""Registries that only a proxy reaches: by CONNECT, in plain, with a login, and around it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.images.conftest import image
from tests.support.certificates import issue_certificate
from tests.support.forward_proxy import ForwardProxy, forward_proxy
from tests.support.registry import serve_registry
from tests.support.token_server import serve_tokens

from trimaran.errors import RegistryError
from trimaran.images.copy import copy
from trimaran.images.layout import Layout
from trimaran.registry.client import Client
from trimaran.registry.credentials import Credentials, FindCredentials, no_credentials
from trimaran.registry.repository import Repository
from trimaran.registry.retry import RetryPolicy

pytestmark = pytest.mark.real

NAME = "registry.invalid:5443"
"""No resolver knows it (RFC 6761, section 6.4)."""


@contextmanager
def repository(
    variables: Mapping[str, str],
    *,
    find: FindCredentials = no_credentials,
    certs: Path | None = None,
    plain: tuple[str, ...] = (),
) -> Iterator[Repository]:
    client = Client(
        find,
        certs_folder=certs,
        proxies=variables,
        policy=RetryPolicy(sleep=lambda _: None),
        plain_http=plain,
    )
    yield Repository(NAME, "app", client)
    client.close()


@contextmanager
def secure(folder: Path, login: str = "") -> Iterator[tuple[ForwardProxy, Path]]:
    """A registry in TLS behind a proxy, and the certs.d that trusts it."""
    authority = issue_certificate(folder, "authority")
    files = issue_certificate(folder, "server", authority, f"DNS:{NAME.partition(':')[0]}")
    certs = folder / "certs.d"
    (certs / NAME).mkdir(parents=True)
    shutil.copy(authority.certificate, certs / NAME / "ca.crt")
    with (
        serve_registry(folder, tls=files) as registry,
        forward_proxy(registry.host, login) as proxy,
    ):
        yield proxy, certs


def there_and_back(place: Repository, folder: Path) -> None:
    source, back = Layout(folder / "source"), Layout(folder / "back")
    made = image(source, "amd64", "arm64", tag="1")
    copy(source, made, place, tag="1")
    assert copy(place, place.resolve("1"), back, tag="1") == made


@pytest.mark.parametrize("login", ["", "ann:p@ss:word"])
def test_tls_goes_through_a_tunnel(tmp_path: Path, login: str) -> None:
    written = f"{login.replace('@', '%40')}@" if login else ""
    with secure(tmp_path, login) as (proxy, certs):
        variables = {"HTTPS_PROXY": f"http://{written}{proxy.host}", "HTTP_PROXY": "http://nowhere"}
        with repository(variables, certs=certs) as place:
            there_and_back(place, tmp_path)
        assert set(proxy.lines) == {f"CONNECT {NAME} HTTP/1.0"}


def test_a_proxy_that_wants_a_login_is_told_apart(tmp_path: Path) -> None:
    with secure(tmp_path, "ann:secret") as (proxy, certs):
        with (
            repository({"https_proxy": proxy.host}, certs=certs) as place,
            pytest.raises(RegistryError, match=r"cannot connect to registry\.invalid:5443.*407"),
        ):
            place.resolve("1")
        assert proxy.lines


def test_plain_http_goes_by_whole_addresses(tmp_path: Path) -> None:
    with serve_registry(tmp_path) as registry, forward_proxy(registry.host) as proxy:
        with repository({"http_proxy": f"http://{proxy.host}"}, plain=(NAME,)) as place:
            there_and_back(place, tmp_path)
        assert all(line.split()[1].startswith(f"http://{NAME}/v2/") for line in proxy.lines)


@pytest.mark.parametrize("around", ["*", "registry.invalid", ".invalid", NAME])
def test_no_proxy_leads_around(tmp_path: Path, around: str) -> None:
    with secure(tmp_path) as (proxy, certs):
        variables = {"HTTPS_PROXY": f"http://{proxy.host}", "NO_PROXY": f"other.org, {around}"}
        with (
            repository(variables, certs=certs) as place,
            pytest.raises(RegistryError, match=f"cannot connect to {NAME}"),
        ):
            place.resolve("1")
        assert proxy.lines == []


def test_the_token_service_is_reached_by_the_same_rules(tmp_path: Path) -> None:
    def login(_registry: str) -> Credentials:
        return Credentials("ann", "secret", "a test")

    with (
        serve_tokens(tmp_path, "ann", "secret") as service,
        serve_registry(tmp_path, token_auth=service.auth) as registry,
        forward_proxy(registry.host) as proxy,
        repository({"http_proxy": f"http://{proxy.host}"}, find=login, plain=(NAME,)) as place,
    ):
        there_and_back(place, tmp_path)
        assert service.asked
        assert not any("/token" in line for line in proxy.lines)  # it is on this machine
