"""One exchange: redirects, limits, and how failures are told."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest
from tests.registry.conftest import Scripted
from tests.registry.scripted import Reply, Seen, login

from trimaran.errors import RegistryError, UnauthorizedError
from trimaran.registry.answers import ConnectionLost
from trimaran.registry.transport import Request, Transport


@pytest.fixture
def transport() -> Iterator[Transport]:
    made = Transport()
    yield made
    made.close()


def authorized(url: str) -> Request:
    return Request("GET", url, {"Authorization": "Bearer t", "Range": "bytes=1-"})


def test_a_redirect_to_another_host_carries_no_authorization(
    scripted: Scripted, transport: Transport
) -> None:
    storage = scripted(lambda _: Reply(body=b"blob"))
    registry = scripted(lambda _: Reply(307, {"Location": f"{storage.url}/signed?x=1"}))
    with transport.send(authorized(f"{registry.url}/blob")) as answer:
        assert answer.read(10).body == b"blob"
    (seen,) = storage.seen
    assert seen.line == "GET /signed?x=1"
    assert "Authorization" not in seen.headers
    assert seen.headers["Range"] == "bytes=1-"
    assert registry.seen[0].authorization == "Bearer t"


def test_a_redirect_on_the_same_host_does(scripted: Scripted, transport: Transport) -> None:
    def answer(seen: Seen) -> Reply:
        return Reply() if seen.path == "/b" else Reply(302, {"Location": "b"})

    registry = scripted(answer)
    transport.send(authorized(f"{registry.url}/a")).close()
    assert [seen.authorization for seen in registry.seen] == ["Bearer t", "Bearer t"]


@pytest.mark.parametrize("target", ["http://storage.example/x", "file:///etc/passwd", "https://[/"])
def test_a_redirect_into_the_open_is_refused(
    scripted: Scripted, transport: Transport, target: str
) -> None:
    registry = scripted(lambda _: Reply(302, {"Location": target}))
    with pytest.raises(RegistryError):
        transport.send(authorized(f"{registry.url}/a"))


def test_redirects_have_an_end(scripted: Scripted, transport: Transport) -> None:
    registry = scripted(lambda _: Reply(302, {"Location": "/a"}))
    with pytest.raises(RegistryError, match="redirects more than 5 times"):
        transport.send(authorized(f"{registry.url}/a"))


def test_a_write_is_not_redirected(scripted: Scripted, transport: Transport) -> None:
    registry = scripted(lambda _: Reply(307, {"Location": "/a"}))
    with pytest.raises(RegistryError, match="redirects a PUT"):
        transport.send(Request("PUT", f"{registry.url}/a", body=b"x"))


def test_no_encoding_is_asked_for(scripted: Scripted, transport: Transport) -> None:
    registry = scripted(lambda _: Reply())
    transport.send(Request("GET", registry.url)).close()
    assert registry.seen[0].headers["Accept-Encoding"] == "identity"
    assert registry.seen[0].headers["User-Agent"].startswith("trimaran/")


def test_a_body_over_the_limit_is_not_read(scripted: Scripted, transport: Transport) -> None:
    registry = scripted(lambda _: Reply(body=bytes(5000)))
    with (
        transport.send(Request("GET", registry.url)) as answer,
        pytest.raises(RegistryError, match="over the limit of 4999"),
    ):
        answer.read(4999)


def test_no_answer_is_told_apart_from_no_connection(
    scripted: Scripted, transport: Transport
) -> None:
    registry = scripted(lambda _: Reply(dropped=True))
    with pytest.raises(ConnectionLost) as caught:
        transport.send(Request("GET", registry.url))
    assert caught.value.reached
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with pytest.raises(ConnectionLost, match="Connection refused") as caught:
            transport.send(Request("GET", f"http://127.0.0.1:{port}/"))
    assert not caught.value.reached


def test_other_hosts_are_asked_over_https_only(transport: Transport) -> None:
    with pytest.raises(RegistryError, match="HTTPS"):
        transport.send(Request("GET", "http://registry.example/v2/"))


def test_an_upload_on_another_host_gets_no_authorization(scripted: Scripted) -> None:
    storage = scripted(lambda _: Reply(201))
    registry = scripted(
        lambda seen: Reply() if seen.authorization else Reply(401, {"WWW-Authenticate": "Basic"})
    )
    with registry.remote(login) as remote:
        remote.ask("GET", "blobs/x").close()
        remote.write("PUT", f"{storage.url}/up", body=b"x").close()
    assert storage.seen[0].authorization == ""


def test_errors_of_a_registry_are_bounded_and_printable(scripted: Scripted) -> None:
    long = b'{"errors":[{"code":"DENIED","message":"' + b"x" * 60000 + b'"}]}'
    with (
        scripted(lambda _: Reply(403, body=long)).remote() as remote,
        pytest.raises(UnauthorizedError) as caught,
    ):
        remote.ask("GET", "blobs/x")
    assert len(str(caught.value)) < 600


def test_other_hosts_are_reached_through_the_proxy(scripted: Scripted) -> None:
    proxy = scripted(lambda _: Reply(403))
    made = Transport(None, {"HTTPS_PROXY": f"http://ann:p%40ss@{proxy.host}"})
    with pytest.raises(ConnectionLost) as caught:
        made.send(authorized("https://registry.example/v2/"))
    made.close()
    assert not caught.value.reached
    (seen,) = proxy.seen
    assert seen.line == "CONNECT registry.example:443"
    assert seen.headers["proxy-authorization"] == "Basic YW5uOnBAc3M="
    assert seen.authorization == ""


def test_a_signed_address_is_not_shown(scripted: Scripted, transport: Transport) -> None:
    registry = scripted(lambda _: Reply(302, {"Location": "/a?signature=s3cret"}))
    with pytest.raises(RegistryError) as caught:
        transport.send(authorized(f"{registry.url}/a"))
    assert "s3cret" not in str(caught.value)
