"""Fetching files: validators, continuing, what is tried again, and what a URL may tell."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.web_server import Site, serve_site

from trimaran.errors import ContextError
from trimaran.registry import hosts
from trimaran.registry.retry import RetryPolicy
from trimaran.registry.transport import Transport
from trimaran.registry.web import Asked, Received, Web, shown

_LARGE = bytes(range(256)) * 20_000


@dataclass
class Sink:
    data: bytearray = field(default_factory=bytearray)
    starts: list[int] = field(default_factory=list)

    def start(self, size_bytes: int) -> None:
        self.starts.append(size_bytes)
        self.data.clear()

    def write(self, data: bytes) -> None:
        self.data += data


@pytest.fixture
def site() -> Iterator[Site]:
    with serve_site(Site()) as served:
        yield served


@pytest.fixture
def web() -> Iterator[Web]:
    transport = Transport(plain=hosts.ANYWHERE)
    yield Web(transport, RetryPolicy(sleep=lambda _: None))
    transport.close()


def test_a_cut_download_goes_on_if_the_file_is_still_the_same(site: Site, web: Web) -> None:
    site.files["/a"] = _LARGE
    site.cuts["/a"] = 3_000_000
    sink = Sink()
    received = web.fetch(Asked(f"{site.url}/a"), sink)
    assert bytes(sink.data) == _LARGE
    assert sink.starts == [len(_LARGE)]
    assert isinstance(received, Received)
    assert received.last_modified == "Sun, 13 Sep 2020 12:26:40 GMT"
    # Without a validator nothing proves that, and it begins anew.
    site.etags = False
    site.cuts["/a"] = 3_000_000
    sink = Sink()
    web.fetch(Asked(f"{site.url}/a"), sink)
    assert bytes(sink.data) == _LARGE
    assert site.statuses_of("/a") == [200, 206, 200, 200]


def test_what_is_at_hand_is_not_sent_again(site: Site, web: Web) -> None:
    site.files["/a"] = b"a"
    received = web.fetch(Asked(f"{site.url}/a"), Sink())
    assert received is not None
    for known in (
        Asked(f"{site.url}/a", etag=received.etag),
        Asked(f"{site.url}/a", etag=f"W/{received.etag}"),
        Asked(f"{site.url}/a", last_modified=received.last_modified),
    ):
        sink = Sink()
        assert web.fetch(known, sink) is None
        assert sink.starts == []


def test_an_encoding_of_the_way_is_undone(site: Site, web: Web) -> None:
    site.files["/a"] = gzip.compress(_LARGE)
    site.headers["/a"] = {"Content-Encoding": "gzip"}
    sink = Sink()
    web.fetch(Asked(f"{site.url}/a"), sink)
    assert bytes(sink.data) == _LARGE


def test_a_login_of_the_url_is_sent_and_not_told(site: Site, web: Web) -> None:
    site.files["/a"] = b"a"
    site.tokens["/a"] = "Basic bWU6cEBzcw=="
    sink = Sink()
    web.fetch(Asked(f"http://me:p%40ss@{site.url.removeprefix('http://')}/a"), sink)
    assert bytes(sink.data) == b"a"
    site.statuses["/a"] = [500] * 9
    with pytest.raises(ContextError) as caught:
        web.fetch(Asked(f"http://me:p%40ss@{site.url.removeprefix('http://')}/a?key=x"), Sink())
    assert caught.value.message == (
        f"cannot download {site.url}/a: the server answered 500 Internal Server Error"
    )
    assert site.statuses_of("/a") == [200, *[500] * 5]


def test_an_authorization_stays_with_its_host(site: Site, web: Web) -> None:
    site.files["/a"] = b"a"
    with serve_site(Site()) as other:
        other.redirects["/to"] = f"{site.url}/a"
        site.tokens["/a"] = "Bearer word"
        with pytest.raises(ContextError, match="answered 401"):
            web.fetch(Asked(f"{other.url}/to", authorization="Bearer word"), Sink())
    web.fetch(Asked(f"{site.url}/a", authorization="Bearer word"), Sink())


@given(st.text())
def test_no_url_tells_a_password_or_a_query(text: str) -> None:
    for host in ("host", "[host"):
        told = shown(f"https://me:secret-word@{host}/{text}?secret-query")
        assert "secret-word" not in told or "secret-word" in text
        assert "secret-query" not in told or "secret-query" in text
