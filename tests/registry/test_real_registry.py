"""The client against Debian's docker-registry: plain, TLS, basic auth, token auth."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.cutting_proxy import cutting_proxy
from tests.support.registry import RunningRegistry, serve_registry
from tests.support.token_server import TokenService, make_certificate, serve_tokens

from trimaran import digests, references
from trimaran.errors import ImageError, NotFoundError, RegistryError, UnauthorizedError
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, Index, Manifest
from trimaran.oci.place import Place
from trimaran.registry import sessions
from trimaran.registry.client import Client
from trimaran.registry.credentials import Credentials, DockerConfig, FindCredentials
from trimaran.registry.repository import Repository, open_repository
from trimaran.registry.retry import RetryPolicy
from trimaran.registry.unfinished import Unfinished
from trimaran.store.store import Store

pytestmark = pytest.mark.real

LAYER_BYTES = os.urandom(3 << 20)
CONFIG_BYTES = b'{"architecture":"arm64","os":"linux"}'
LAYER = Descriptor(media_types.LAYER, digests.of(LAYER_BYTES), len(LAYER_BYTES))
CONFIG = Descriptor(media_types.CONFIG, digests.of(CONFIG_BYTES), len(CONFIG_BYTES))
MANIFEST = Manifest.make(CONFIG, (LAYER,))
BLOBS = ((LAYER, LAYER_BYTES), (CONFIG, CONFIG_BYTES))
SHORT_LIFE_S = -58
"""docker-registry takes a token for a minute after its end: this one for about two seconds."""


@contextmanager
def chunks(data: bytes) -> Iterator[Iterator[bytes]]:
    yield (data[at : at + 100_000] for at in range(0, len(data), 100_000))


@contextmanager
def repository(
    host: str,
    find: FindCredentials = lambda _: None,
    *,
    name: str = "team/app",
    certs_folder: Path | None = None,
    mount_from: tuple[str, ...] = (),
    unfinished: Unfinished | None = None,
) -> Iterator[Repository]:
    policy = RetryPolicy(sleep=lambda _: None)
    client = Client(find, certs_folder=certs_folder, policy=policy, unfinished=unfinished)
    reference = references.parse(f"{host}/{name}")
    yield open_repository(reference, client, mount_from)
    client.close()


def push(place: Place, tag: str = "1") -> None:
    for descriptor, data in BLOBS:
        place.write_blob(descriptor, lambda data=data: chunks(data))  # type: ignore[misc]
    index = Index.make((MANIFEST.descriptor,))
    place.write_manifest(MANIFEST.raw, MANIFEST.media_type)
    place.write_manifest(index.raw, index.media_type, tag)


def pull(place: Place, tag: str = "1") -> None:
    """Read back what `push` wrote, byte for byte."""
    index = Index.parse(place.read_manifest(place.resolve(tag)))
    (entry,) = index.manifests
    assert place.resolve(entry.digest) == entry
    assert place.read_manifest(entry) == MANIFEST.raw
    for descriptor, data in BLOBS:
        assert place.has_blob(descriptor)
        with place.open_blob(descriptor) as read:
            assert b"".join(read) == data


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    with serve_registry(tmp_path_factory.mktemp("plain")) as registry:
        yield registry


def test_push_and_pull(plain: RunningRegistry) -> None:
    with repository(plain.host, name="first") as place:
        push(place)
        pull(place)
        assert place.tags() == ["1"]
        assert place.name == f"{plain.host}/first"
    assert plain.unfinished_uploads("first") == []


def test_a_blob_that_is_there_is_not_sent_again(plain: RunningRegistry) -> None:
    with repository(plain.host, name="again") as place:
        push(place)
        before = plain.log.read_text().count("blobs/uploads/")
        push(place, "2")
        assert plain.log.read_text().count("blobs/uploads/") == before
        assert sorted(place.tags()) == ["1", "2"]


def test_a_blob_is_mounted_and_its_source_not_opened(plain: RunningRegistry) -> None:
    with repository(plain.host, name="origin") as place:
        push(place)
    with repository(plain.host, name="copy", mount_from=("origin",)) as place:
        place.write_blob(LAYER, lambda: pytest.fail("the blob was opened"))
        assert place.has_blob(LAYER)


def test_a_blob_goes_up_in_chunks_as_well(
    plain: RunningRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "CHUNK_BYTES", 1_000_000)
    finish = sessions.Session.finish
    calls = []

    def failing_once(session: sessions.Session) -> None:
        calls.append(session.position)
        if len(calls) == 1:
            raise sessions.Interrupted(RegistryError("cut"))
        finish(session)

    monkeypatch.setattr(sessions.Session, "finish", failing_once)
    with repository(plain.host, name="chunks") as place:
        place.write_blob(LAYER, lambda: chunks(LAYER_BYTES))
        with place.open_blob(LAYER) as read:
            assert b"".join(read) == LAYER_BYTES
    assert calls == [0, LAYER.size]
    assert plain.unfinished_uploads("chunks") == []


def test_a_cut_upload_can_be_begun_again(plain: RunningRegistry) -> None:
    tried = []

    @contextmanager
    def breaking_once() -> Iterator[Iterator[bytes]]:
        tried.append(1)
        yield iter([LAYER_BYTES[:-1], b"" if len(tried) == 1 else LAYER_BYTES[-1:]])

    with repository(plain.host, name="cut") as place:
        with pytest.raises(ImageError):
            place.write_blob(LAYER, breaking_once)
        assert not place.has_blob(LAYER)
        place.write_blob(LAYER, breaking_once)
        assert place.has_blob(LAYER)


# The first connection is the question for TLS, the second one carries what is told below.
@pytest.mark.parametrize("after", [5_000, 1_500_000, 3_000_000])
def test_a_push_survives_cuts(plain: RunningRegistry, after: int) -> None:
    name = f"up/{after}"
    with (
        cutting_proxy(plain.host, up_bytes=(None, after, after // 2)) as proxy,
        repository(proxy.host, name=name) as place,
    ):
        push(place)
    assert proxy.cuts >= 1
    with repository(plain.host, name=name) as place:
        pull(place)


@pytest.mark.parametrize("after", [5_000, 1_500_000, 3_000_000])
def test_a_pull_survives_cuts(plain: RunningRegistry, after: int) -> None:
    with repository(plain.host, name="down") as place:
        push(place)
    with (
        cutting_proxy(plain.host, down_bytes=(None, after, after // 2)) as proxy,
        repository(proxy.host, name="down") as place,
    ):
        pull(place)
    assert proxy.cuts >= 1


def test_an_empty_blob_and_a_sha512_one(plain: RunningRegistry) -> None:
    empty = Descriptor("x/y", digests.of(b""), 0)
    long = Descriptor("x/y", "sha512:" + hashlib.sha512(b"abc").hexdigest(), 3)
    with repository(plain.host, name="odd") as place:
        for descriptor, data in ((empty, b""), (long, b"abc")):
            place.write_blob(descriptor, lambda data=data: chunks(data))  # type: ignore[misc]
            with place.open_blob(descriptor) as read:
                assert b"".join(read) == data


def test_what_is_not_there(plain: RunningRegistry) -> None:
    with repository(plain.host, name="nothing/here") as place:
        assert not place.has_blob(LAYER)
        with pytest.raises(NotFoundError):
            place.resolve("1")
        with pytest.raises(NotFoundError):
            place.resolve(LAYER.digest)
        with pytest.raises(NotFoundError), place.open_blob(LAYER) as read:
            next(read)
        with pytest.raises(NotFoundError, match="nothing/here"):
            place.tags()


def test_delete(plain: RunningRegistry) -> None:
    with repository(plain.host, name="gone") as place:
        push(place)
        place.delete(place.resolve("1").digest)
        with pytest.raises(NotFoundError):
            place.resolve("1")


def test_a_manifest_whose_blobs_are_missing_is_refused(plain: RunningRegistry) -> None:
    with repository(plain.host, name="lacking") as place:
        with pytest.raises(RegistryError, match="MANIFEST_BLOB_UNKNOWN"):
            place.write_manifest(MANIFEST.raw, MANIFEST.media_type, "1")
        with pytest.raises(NotFoundError):
            place.resolve("1")


def test_many_threads_share_a_repository(plain: RunningRegistry) -> None:
    blobs = [os.urandom(200_000) for _ in range(12)]

    def there_and_back(data: bytes) -> bool:
        descriptor = Descriptor("x/y", digests.of(data), len(data))
        place.write_blob(descriptor, lambda: chunks(data))
        with place.open_blob(descriptor) as read:
            return b"".join(read) == data

    with repository(plain.host, name="threads") as place, ThreadPoolExecutor(4) as pool:
        assert all(pool.map(there_and_back, blobs))


def test_the_right_to_push_is_proven_and_nothing_left(
    plain: RunningRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with repository(plain.host, name="preflight") as place:
        place.check_push()
        assert plain.unfinished_uploads("preflight") == []
        monkeypatch.setattr(sessions, "cancel", lambda _remote, _url: None)
        place.check_push()
        assert len(plain.unfinished_uploads("preflight")) == 1


def login_file(folder: Path, host: str, text: str) -> FindCredentials:
    auth = base64.b64encode(text.encode()).decode()
    path = folder / "config.json"
    path.write_text(json.dumps({"auths": {host: {"auth": auth}}}))
    return DockerConfig(path).find


def test_basic_auth_with_dockers_config(tmp_path: Path) -> None:
    with serve_registry(tmp_path, users={"ann": "pass:word"}) as registry:
        wrong = login_file(tmp_path, registry.host, "ann:wrong")
        for find, cause in ((wrong, f"ann from {tmp_path}"), (lambda _: None, "without a login")):
            with repository(registry.host, find) as place:
                for attempt in (place.check_push, lambda: push(place)):
                    with pytest.raises(UnauthorizedError, match=cause) as caught:
                        attempt()
                    assert f"trimaran login {registry.host}" in caught.value.hint
        assert not (registry.storage / "docker/registry/v2/repositories").exists()
        with repository(
            registry.host, login_file(tmp_path, registry.host, "ann:pass:word")
        ) as place:
            place.check_push()
            push(place)
            pull(place)


def test_token_auth(tmp_path: Path) -> None:
    with tokens(tmp_path) as (service, registry):
        with repository(registry.host) as place, pytest.raises(UnauthorizedError):
            push(place)
        assert not (registry.storage / "docker/registry/v2/repositories").exists()
        with repository(registry.host, login) as place:
            place.check_push()
            push(place)
            pull(place)
        with repository(registry.host) as place:
            pull(place)
            with pytest.raises(UnauthorizedError, match="without a login"):
                place.check_push()
        with repository(registry.host, login, name="other", mount_from=("team/app",)) as place:
            place.write_blob(LAYER, lambda: pytest.fail("the blob was opened"))
        assert registry.unfinished_uploads("team/app") == []
        assert any("other" in path and "team" in path for path in service.asked)


def test_a_token_that_expires_during_a_push_is_renewed(tmp_path: Path) -> None:
    with (
        tokens(tmp_path, life_s=SHORT_LIFE_S) as (service, registry),
        repository(registry.host, login) as place,
    ):
        place.write_blob(LAYER, lambda: chunks(LAYER_BYTES))
        asked = len(service.asked)
        time.sleep(2.5)
        place.write_blob(CONFIG, lambda: chunks(CONFIG_BYTES))
        place.write_manifest(MANIFEST.raw, MANIFEST.media_type, "1")
        assert len(service.asked) > asked


def test_a_token_that_expires_within_a_blob_is_renewed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sessions, "CHUNK_BYTES", 1 << 20)

    @contextmanager
    def slowly() -> Iterator[Iterator[bytes]]:
        def pieces() -> Iterator[bytes]:
            yield LAYER_BYTES[:1_500_000]
            time.sleep(2.5)
            yield LAYER_BYTES[1_500_000:]

        yield pieces()

    with (
        tokens(tmp_path, life_s=SHORT_LIFE_S) as (service, registry),
        Store.open(tmp_path / "store") as store,
        repository(registry.host, login, unfinished=Unfinished(lambda: store)) as place,
    ):
        place.check_push()
        asked = len(service.asked)
        place.write_blob(LAYER, slowly)
        assert len(service.asked) > asked
        log = registry.log.read_text()
        assert log.count('"POST /v2/team/app/blobs/uploads/ HTTP/1.1" 202') == 2
        with place.open_blob(LAYER) as read:
            assert b"".join(read) == LAYER_BYTES


@contextmanager
def tokens(folder: Path, life_s: int = 300) -> Iterator[tuple[TokenService, RunningRegistry]]:
    with (
        serve_tokens(folder, "ann", "secret", life_s) as service,
        serve_registry(folder, token_auth=service.auth) as registry,
    ):
        yield service, registry


def login(_registry: str) -> Credentials:
    return Credentials("ann", "secret", "a test")


def test_tls_with_a_certificate_of_its_own(tmp_path: Path) -> None:
    files = make_certificate(tmp_path)
    with serve_registry(tmp_path, tls=files) as registry:
        with repository(registry.host) as place:
            with pytest.raises(RegistryError, match="not trusted") as caught:
                push(place)
            assert f"certs.d/{registry.host}" in caught.value.hint
        trusted = tmp_path / "certs.d" / registry.host
        trusted.mkdir(parents=True)
        (trusted / "ca.crt").write_bytes(files.certificate.read_bytes())
        with repository(registry.host, certs_folder=tmp_path / "certs.d") as place:
            push(place)
            pull(place)
        (trusted / "bad.crt").write_text("no certificate")
        with (
            repository(registry.host, certs_folder=tmp_path / "certs.d") as place,
            pytest.raises(RegistryError, match=r"bad\.crt"),
        ):
            place.tags()


def test_a_registry_that_is_not_there(tmp_path: Path) -> None:
    with serve_registry(tmp_path) as registry:
        pass
    began = time.monotonic()
    with repository(registry.host) as place, pytest.raises(RegistryError, match="cannot connect"):
        place.resolve("1")
    assert time.monotonic() - began < 5
