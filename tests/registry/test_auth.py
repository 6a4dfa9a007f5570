"""The escalation: none, a token (anonymous or of a login), basic; and renewal in mid-transfer."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

import pytest
from tests.registry.conftest import Scripted
from tests.registry.scripted import Reply, ScriptedRegistry, Seen, login

from trimaran.errors import RegistryError, UnauthorizedError
from trimaran.registry.credentials import Credentials, FindCredentials, no_credentials
from trimaran.registry.remote import Remote

PARTS = (b"ab", b"cd")
ANN = "Basic YW5uOnNlY3JldA=="


@dataclass
class TokenWorld:
    """A registry and its token service in one server; a token serves `uses` requests."""

    uses: int = 1000
    service: Callable[[Seen], Reply | None] = lambda _: None
    token_fields: dict[str, object] = field(default_factory=dict)
    allowed: str = "pull,push"
    challenge_scope: str = "repository:app:pull"
    issued: list[str] = field(default_factory=list)
    left: dict[str, int] = field(default_factory=dict)
    host: str = ""

    def answer(self, seen: Seen) -> Reply:
        if seen.path.startswith("/token"):
            return self.service(seen) or self._issue(seen)
        token = seen.authorization.removeprefix("Bearer ")
        if self.left.get(token, 0) > 0:
            self.left[token] -= 1
            return Reply(body=b"page")
        challenge = f'Bearer realm="http://{self.host}/token",service="s"'
        challenge += f',scope="{self.challenge_scope}",error="invalid_token"'
        return Reply(401, {"WWW-Authenticate": challenge}, b'{"errors":[{"code":"UNAUTHORIZED"}]}')

    def _issue(self, _seen: Seen) -> Reply:
        token = f"t{len(self.issued) + 1}"
        self.issued.append(token)
        self.left[token] = self.uses
        return Reply(body=json.dumps({"token": token, **self.token_fields}).encode())

    def serve(self, scripted: Scripted) -> ScriptedRegistry:
        registry = scripted(self.answer)
        self.host = registry.host
        return registry


def read(remote: Remote) -> bytes:
    return remote.read("manifests/1", 100).body


def token_requests(registry: ScriptedRegistry) -> list[Seen]:
    return [seen for seen in registry.seen if seen.path.startswith("/token")]


def query(seen: Seen) -> dict[str, list[str]]:
    return parse_qs(urlsplit(seen.path).query)


def test_nothing_is_sent_to_a_registry_that_asks_for_nothing(scripted: Scripted) -> None:
    registry = scripted(lambda _: Reply(body=b"page"))
    with registry.remote(login) as remote:
        assert read(remote) == b"page"
    assert [seen.authorization for seen in registry.seen] == [""]


def test_an_anonymous_token_is_fetched_once(scripted: Scripted) -> None:
    registry = TokenWorld().serve(scripted)
    with registry.remote() as remote:
        assert [read(remote), read(remote)] == [b"page", b"page"]
    assert len(registry.seen) == 4
    (asked,) = token_requests(registry)
    assert asked.authorization == ""
    assert query(asked) == {"service": ["s"], "scope": ["repository:app:pull"]}


def test_a_login_is_used_for_the_token_alone(scripted: Scripted) -> None:
    registry = TokenWorld().serve(scripted)
    with registry.remote(login) as remote:
        read(remote)
    assert [seen.authorization for seen in registry.seen] == ["", ANN, "Bearer t1"]
    assert query(token_requests(registry)[0])["account"] == ["ann"]


def test_an_identity_token_is_traded_by_post(scripted: Scripted) -> None:
    registry = TokenWorld().serve(scripted)
    with registry.remote(lambda _: Credentials("", "", "x", "refresh me")) as remote:
        read(remote)
    (asked,) = token_requests(registry)
    assert asked.method == "POST"
    assert parse_qs(asked.body.decode())["refresh_token"] == ["refresh me"]
    assert parse_qs(asked.body.decode())["scope"] == ["repository:app:pull"]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (Reply(400, body=b'{"error":"invalid_grant"}'), UnauthorizedError),
        (Reply(400, body=b'{"error":"invalid_scope"}'), RegistryError),
        (Reply(400, body=b"no"), RegistryError),
    ],
)
def test_an_identity_token_that_was_taken_back_is_a_refusal(
    scripted: Scripted, reply: Reply, kind: type[RegistryError]
) -> None:
    registry = TokenWorld(service=lambda _: reply).serve(scripted)
    with registry.remote(identity) as remote, pytest.raises(RegistryError) as caught:
        remote.write("PUT", "/v2/app/manifests/1")
    assert type(caught.value) is kind


def test_a_new_identity_token_replaces_the_one_that_was_used(scripted: Scripted) -> None:
    world = TokenWorld(uses=1, token_fields={"refresh_token": "second"})
    registry = world.serve(scripted)
    with registry.remote(identity) as remote:
        read(remote)
        read(remote)
    used = [parse_qs(seen.body.decode())["refresh_token"] for seen in token_requests(registry)]
    assert used == [["first"], ["second"]]


def identity(_registry: str) -> Credentials:
    return Credentials("", "", "a test", "first")


def test_access_token_is_the_other_name_of_the_field(scripted: Scripted) -> None:
    world = TokenWorld(service=lambda _: Reply(body=b'{"access_token": "a"}'), left={"a": 9})
    with world.serve(scripted).remote() as remote:
        assert read(remote) == b"page"


def test_a_token_that_was_used_up_is_renewed_and_the_request_sent_again(scripted: Scripted) -> None:
    world = TokenWorld(uses=1)
    with world.serve(scripted).remote() as remote:
        assert [read(remote) for _ in range(4)] == [b"page"] * 4
    assert world.issued == ["t1", "t2", "t3", "t4"]


def test_a_body_is_sent_again_with_the_new_token(scripted: Scripted) -> None:
    world = TokenWorld(uses=1, challenge_scope="repository:app:pull,push")
    registry = world.serve(scripted)
    with registry.remote() as remote:
        for _ in range(2):
            headers = {"Content-Length": "4"}
            with remote.write(
                "PATCH", "/up", headers=headers, body=lambda: [b"ab", b"cd"]
            ) as answer:
                assert answer.status == 200
    bodies = [seen.body for seen in registry.seen if seen.method == "PATCH"]
    assert bodies == [b"abcd"] * 4


def test_a_token_near_its_end_is_not_sent(scripted: Scripted) -> None:
    world = TokenWorld(token_fields={"expires_in": 1e-9})
    with world.serve(scripted).remote() as remote:
        read(remote)
        read(remote)
    assert len(world.issued) == 2
    assert world.left["t1"] == 999


def test_each_scope_has_its_token(scripted: Scripted) -> None:
    registry = TokenWorld().serve(scripted)
    with registry.remote() as remote:
        read(remote)
        remote.write("POST", "/up", more_scopes=frozenset({"repository:b:pull"})).close()
        read(Remote(remote.client, remote.registry, "other"))
    assert [query(seen)["scope"] for seen in token_requests(registry)] == [
        ["repository:app:pull"],
        ["repository:app:pull,push", "repository:b:pull"],
        ["repository:other:pull"],
    ]


def test_a_scope_that_the_registry_adds_is_asked_for(scripted: Scripted) -> None:
    registry = TokenWorld(challenge_scope="repository:app:delete").serve(scripted)
    with registry.remote() as remote:
        read(remote)
    scopes = query(token_requests(registry)[0])["scope"]
    assert scopes == ["repository:app:delete", "repository:app:pull"]


def test_a_refused_login_does_not_hide_what_is_public(scripted: Scripted) -> None:
    world = TokenWorld(service=lambda seen: Reply(401) if seen.authorization else None)
    registry = world.serve(scripted)
    with registry.remote(login) as remote:
        assert read(remote) == b"page"
        with pytest.raises(UnauthorizedError, match="with the login of ann from a test"):
            remote.write("POST", "/up")


@pytest.mark.parametrize(
    ("find", "used"), [(login, "with the login of ann"), (no_credentials, "without a login")]
)
def test_a_refusal_says_what_was_used_and_what_helps(
    scripted: Scripted, find: FindCredentials, used: str
) -> None:
    registry = TokenWorld(service=lambda _: Reply(401)).serve(scripted)
    with registry.remote(find) as remote, pytest.raises(UnauthorizedError, match=used) as caught:
        read(remote)
    assert f"trimaran login {registry.host}" in caught.value.hint
    assert caught.value.status == 401
    assert "secret" not in str(caught.value)


def test_tokens_that_are_never_enough_end_in_a_refusal(scripted: Scripted) -> None:
    world = TokenWorld(uses=0)
    with (
        world.serve(scripted).remote() as remote,
        pytest.raises(UnauthorizedError, match="UNAUTHORIZED"),
    ):
        read(remote)
    assert len(world.issued) < 5


def test_forbidden_is_a_refusal(scripted: Scripted) -> None:
    denied = Reply(403, body=b'{"errors":[{"code":"DENIED","message":"not \\u001b[31myours"}]}')
    with (
        scripted(lambda _: denied).remote(login) as remote,
        pytest.raises(UnauthorizedError, match=r"DENIED not \[31myours") as caught,
    ):
        read(remote)
    assert caught.value.status == 403


def basic(seen: Seen) -> Reply:
    if seen.authorization == ANN:
        return Reply(body=b"page")
    return Reply(401, {"WWW-Authenticate": 'Basic realm="r"'})


def test_basic_is_sent_from_the_second_request_on(scripted: Scripted) -> None:
    registry = scripted(basic)
    with registry.remote(login) as remote:
        read(remote)
        read(remote)
    assert [seen.authorization for seen in registry.seen] == ["", ANN, ANN]


def test_a_login_may_hold_any_letters(scripted: Scripted) -> None:
    registry = scripted(lambda _: Reply(401, {"WWW-Authenticate": "Basic"}))
    with (
        registry.remote(lambda _: Credentials("ännchen", "p:€", "x")) as remote,
        pytest.raises(UnauthorizedError),
    ):
        read(remote)
    sent = base64.b64decode(registry.seen[-1].authorization.removeprefix("Basic "))
    assert sent.decode() == "ännchen:p:€"


def test_a_wrong_password_is_sent_but_once(scripted: Scripted) -> None:
    registry = scripted(basic)
    with (
        registry.remote(lambda _: Credentials("ann", "wrong", "config.json")) as remote,
        pytest.raises(UnauthorizedError, match=r"ann from config\.json"),
    ):
        read(remote)
    assert len(registry.seen) == 2


def test_basic_without_a_login_is_a_refusal(scripted: Scripted) -> None:
    with (
        scripted(basic).remote() as remote,
        pytest.raises(UnauthorizedError, match="wants a name and a password"),
    ):
        read(remote)


@pytest.mark.parametrize("challenge", ["", "Negotiate", 'Digest realm="x"', "Bearer"])
def test_an_unknown_way_is_a_refusal(scripted: Scripted, challenge: str) -> None:
    with (
        scripted(lambda _: Reply(401, {"WWW-Authenticate": challenge})).remote(login) as remote,
        pytest.raises(UnauthorizedError),
    ):
        read(remote)


@pytest.mark.parametrize(
    "body", [b"", b"{", b"{}", b'{"token": ""}', b'{"token": "a\\nb"}', b'{"token": 1}']
)
def test_a_service_that_gives_no_token_is_an_error(scripted: Scripted, body: bytes) -> None:
    with (
        TokenWorld(service=lambda _: Reply(body=body)).serve(scripted).remote() as remote,
        pytest.raises(RegistryError, match="gave no token"),
    ):
        read(remote)


def test_a_service_that_fails_is_asked_again(scripted: Scripted) -> None:
    failures = [Reply(503), Reply(429)]
    world = TokenWorld(service=lambda _: failures.pop() if failures else None)
    with world.serve(scripted).remote() as remote:
        assert read(remote) == b"page"


def test_a_login_does_not_leave_for_a_plain_realm(scripted: Scripted) -> None:
    challenge = {"WWW-Authenticate": 'Bearer realm="http://tokens.example/t"'}
    with (
        scripted(lambda _: Reply(401, challenge)).remote(login) as remote,
        pytest.raises(RegistryError, match=r"http://tokens\.example"),
    ):
        read(remote)


def test_threads_share_one_token(scripted: Scripted) -> None:
    world = TokenWorld()
    with world.serve(scripted).remote() as remote, ThreadPoolExecutor(8) as pool:
        assert set(pool.map(lambda _: read(remote), range(40))) == {b"page"}
    assert world.issued == ["t1"]


def test_threads_renew_what_they_use_up(scripted: Scripted) -> None:
    world = TokenWorld(uses=6)
    with world.serve(scripted).remote() as remote, ThreadPoolExecutor(3) as pool:
        assert set(pool.map(lambda _: read(remote), range(40))) == {b"page"}
