"""Image names: what the grammar takes, and that nothing else gets through or crashes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran import references
from trimaran.errors import InvalidReferenceError
from trimaran.references import Reference

SHA256 = "sha256:" + "0a" * 32
COMPONENT = st.from_regex(r"[a-z0-9]+(?:(?:\.|_|__|-{1,3})[a-z0-9]+)*", fullmatch=True)
PATH = st.lists(COMPONENT, min_size=1, max_size=3).map("/".join).filter(lambda path: len(path) < 99)
REGISTRY = st.sampled_from(
    ["docker.io", "localhost", "localhost:5000", "127.0.0.1:5000", "a.example", "[::1]:5000"]
)
TAG = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}", fullmatch=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("whoami", "docker.io/library/whoami:latest"),
        ("team/app", "docker.io/team/app:latest"),
        ("docker.io/whoami:1", "docker.io/library/whoami:1"),
        ("index.docker.io/team/app", "docker.io/team/app:latest"),
        ("localhost/app", "localhost/app:latest"),
        ("localhost:5000/team/app:1.2", "localhost:5000/team/app:1.2"),
        ("registry.example/app", "registry.example/app:latest"),
        ("Registry.Example/app", "Registry.Example/app:latest"),
        ("[::1]:5000/app", "[::1]:5000/app:latest"),
        ("[::1]/app:1", "[::1]/app:1"),
        (f"app@{SHA256}", f"docker.io/library/app@{SHA256}"),
        (f"app:1@{SHA256}", f"docker.io/library/app:1@{SHA256}"),
        ("host/app", "docker.io/host/app:latest"),
    ],
)
def test_a_name_is_completed(text: str, expected: str) -> None:
    assert str(references.parse(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", ":", "@", "/", "app:", "app@", "app:@" + SHA256, "App", "team/App", "a//b"),
        *("/app", "app/", "-app", "app-", "a___b", "host:port/app", "app:-1", "app:" + "a" * 129),
        *("app@sha256:00", "app@" + SHA256.upper(), "a" * 256, "[::1/app", "localhost:5000/"),
        *("app\n", "app:1\n", "http://host/app", "host.example/", "é", "app:é", "a:1:2", "a@b@c"),
        *("docker.io/", "[zz]/app", "[::1]app", "[]/app", "[::1]:/app", "a..b/c:1@", "%/a.b"),
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(InvalidReferenceError) as caught:
        references.parse(text)
    assert caught.value.hint


@given(st.text() | st.text("aA0./:@-_[]%\n é", max_size=30))
def test_parsing_gives_a_reference_or_its_error(text: str) -> None:
    try:
        reference = references.parse(text)
    except InvalidReferenceError:
        return
    assert references.parse(str(reference)) == reference


@given(REGISTRY, PATH, st.just("") | TAG, st.sampled_from(["", SHA256]))
def test_a_reference_survives_being_written_and_read(
    registry: str, path: str, tag: str, digest: str
) -> None:
    repository = f"library/{path}" if registry == "docker.io" and "/" not in path else path
    reference = Reference(registry, repository, tag or ("" if digest else "latest"), digest)
    assert references.parse(str(reference)) == reference
    assert references.parse(reference.familiar) == reference


@pytest.mark.parametrize(
    ("text", "familiar"),
    [
        ("docker.io/library/app:1", "app:1"),
        ("team/app", "team/app:latest"),
        ("h.x/a", "h.x/a:latest"),
    ],
)
def test_people_read_the_short_form(text: str, familiar: str) -> None:
    assert references.parse(text).familiar == familiar


@pytest.mark.parametrize("text", ["docker.io/library/a/b:1", "docker.io/a.b/c:1"])
def test_the_short_form_is_never_another_name(text: str) -> None:
    reference = references.parse(text)
    assert reference.familiar == text
    assert references.parse(reference.familiar) == reference


def test_a_digest_wins_over_the_tag() -> None:
    reference = references.parse(f"app:1@{SHA256}")
    assert reference.tag_or_digest == SHA256
    assert reference.with_tag("2").tag_or_digest == "2"


@given(st.text())
def test_another_tag_is_checked(tag: str) -> None:
    reference = references.parse("app")
    try:
        assert reference.with_tag(tag).tag == tag
    except InvalidReferenceError:
        return
    assert tag.isascii()
