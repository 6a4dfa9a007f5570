"""Private authorities and clients' certificates, by Docker's certs.d, at a real registry."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from tests.images.conftest import image
from tests.support.certificates import issue_certificate
from tests.support.registry import RunningRegistry, TlsFiles, serve_registry

from trimaran.errors import RegistryError
from trimaran.registry.client import Client
from trimaran.registry.repository import Repository
from trimaran.registry.retry import RetryPolicy
from trimaran.registry.transport import Request, Transport

pytestmark = pytest.mark.real


@dataclass(frozen=True)
class Closed:
    """A registry that wants a certificate of `clients`, its own being of `servers`.

    `folder` is its place in `certs`.
    """

    registry: RunningRegistry
    certs: Path
    folder: Path
    servers: TlsFiles
    clients: TlsFiles


@pytest.fixture
def closed(tmp_path: Path) -> Iterator[Closed]:
    server_authority = issue_certificate(tmp_path, "servers")
    clients = issue_certificate(tmp_path, "clients")
    server = issue_certificate(tmp_path, "server", server_authority)
    files = replace(server, client_authority=clients.certificate)
    with serve_registry(tmp_path, tls=files) as registry:
        folder = tmp_path / "certs.d" / registry.host
        folder.mkdir(parents=True)
        shutil.copy(server_authority.certificate, folder / "ca.crt")
        yield Closed(registry, tmp_path / "certs.d", folder, server_authority, clients)


@contextmanager
def repository(closed: Closed) -> Iterator[Repository]:
    pauses: list[float] = []
    policy = RetryPolicy(sleep=pauses.append)
    client = Client(certs_folder=closed.certs, policy=policy)
    yield Repository(closed.registry.host, "app", client)
    client.close()
    assert pauses == []


def install(closed: Closed, files: TlsFiles) -> None:
    shutil.copy(files.certificate, closed.folder / "client.cert")
    shutil.copy(files.key, closed.folder / "client.key")


def test_a_client_shows_its_certificate(closed: Closed, tmp_path: Path) -> None:
    install(closed, issue_certificate(tmp_path, "ann", closed.clients))
    with repository(closed) as place:
        made = image(place, "amd64", "arm64", tag="1")
        assert place.resolve("1") == made
        assert place.tags() == ["1"]


def test_without_a_certificate_the_way_out_is_told(closed: Closed) -> None:
    with (
        repository(closed) as place,
        pytest.raises(RegistryError, match="wants another client certificate, or any") as caught,
    ):
        place.resolve("1")
    assert (
        f"client.cert, and its key as client.key, into Docker's certs.d/{closed.registry.host}"
        in (caught.value.hint)
    )


def test_a_certificate_of_another_authority_is_refused(closed: Closed, tmp_path: Path) -> None:
    install(closed, issue_certificate(tmp_path, "stranger"))
    with repository(closed) as place, pytest.raises(RegistryError, match="client certificate"):
        place.check_push()


@pytest.mark.parametrize("missing", ["client.key", "client.cert"])
def test_half_a_pair_is_named(closed: Closed, tmp_path: Path, missing: str) -> None:
    install(closed, issue_certificate(tmp_path, "ann", closed.clients))
    (closed.folder / missing).unlink()
    with repository(closed) as place, pytest.raises(RegistryError, match=f"{missing} is missing"):
        place.resolve("1")


def test_an_encrypted_key_asks_no_terminal(closed: Closed, tmp_path: Path) -> None:
    ann = issue_certificate(tmp_path, "ann", closed.clients)
    install(closed, ann)
    argv = ["openssl", "rsa", "-aes256", "-passout", "pass:secret", "-in", str(ann.key)]
    subprocess.run([*argv, "-out", closed.folder / "client.key"], capture_output=True, check=True)
    with repository(closed) as place, pytest.raises(RegistryError, match=r"cannot use .*client\.c"):
        place.resolve("1")


def test_a_registrys_authorities_hold_for_the_hosts_that_it_names(
    closed: Closed, tmp_path: Path
) -> None:
    install(closed, issue_certificate(tmp_path, "ann", closed.clients))
    storage = tmp_path / "storage"
    storage.mkdir()
    server = issue_certificate(storage, "server", closed.servers)
    transport = Transport(closed.certs)
    with serve_registry(storage, tls=server) as other:
        url = f"https://{other.host}/v2/"
        with pytest.raises(RegistryError, match="not trusted"):
            transport.send(Request("GET", url))
        with transport.send(Request("GET", url, sent_by=closed.registry.host)) as answer:
            assert answer.status == 200
    transport.close()


def test_a_certificate_is_shown_to_its_own_registry_alone(closed: Closed, tmp_path: Path) -> None:
    install(closed, issue_certificate(tmp_path, "ann", closed.clients))
    closed.folder.rename(closed.certs / "registry.example")
    transport = Transport(closed.certs)
    url = f"https://{closed.registry.host}/v2/"
    with pytest.raises(RegistryError, match="wants another client certificate"):
        transport.send(Request("GET", url, sent_by="registry.example"))
    transport.close()
