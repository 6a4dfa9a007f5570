"""`trimaran login` and `logout` against a registry with passwords, and credential helpers."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.cli.conftest import CommandLine
from tests.images.conftest import image
from tests.support.registry import RunningRegistry, serve_registry
from tests.support.token_server import serve_tokens

from trimaran.errors import RegistryError, UnauthorizedError, UsageError
from trimaran.images.layout import Layout

pytestmark = pytest.mark.real

HELPER = """#!/bin/sh
folder=$(dirname "$0")
case "$1" in
store) cat > "$folder/kept" ;;
get) cat > "$folder/asked"; cat "$folder/kept" ;;
erase) cat > "$folder/erased"; rm "$folder/kept" ;;
esac
"""


@pytest.fixture(scope="module")
def private(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    folder = tmp_path_factory.mktemp("private")
    with serve_registry(folder, users={"ann": "secret"}) as running:
        yield running


def log_in(cli: CommandLine, host: str, password: str = "secret") -> str:  # noqa: S107 - a test's
    return cli.ok("login", "-u", "ann", "-p", password, host)


def test_a_login_is_proven_kept_and_forgotten(cli: CommandLine, private: RunningRegistry) -> None:
    config = cli.home / ".docker" / "config.json"
    with pytest.raises(UnauthorizedError):
        log_in(cli, private.host, "wrong")
    assert not config.exists()
    config.parent.mkdir()
    config.write_text(json.dumps({"HttpHeaders": {"a": "b"}, "auths": {"other": {"auth": "eDp5"}}}))
    assert log_in(cli, private.host).startswith(f"logged in to {private.host}")
    assert "kept in plain text" in cli.err
    kept = json.loads(config.read_text())
    assert kept["HttpHeaders"] == {"a": "b"}
    assert set(kept["auths"]) == {"other", private.host}
    assert config.stat().st_mode & 0o777 == 0o600
    log_in(cli, private.host)
    assert cli.ok("logout", private.host) == f"removed the login for {private.host}\n"
    assert set(json.loads(config.read_text())["auths"]) == {"other"}
    assert "there is no login" in cli.ok("logout", private.host)


def test_a_credential_helper_keeps_it(
    cli: CommandLine, private: RunningRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install_helper(cli, tmp_path, monkeypatch)
    config = cli.home / ".docker" / "config.json"
    assert "docker-credential-test" in log_in(cli, private.host)
    assert cli.err == ""
    kept = json.loads((folder / "kept").read_text())
    assert kept == {"ServerURL": private.host, "Username": "ann", "Secret": "secret"}
    assert json.loads(config.read_text())["auths"] == {private.host: {}}
    cli.ok("logout", private.host)
    assert (folder / "erased").read_text() == private.host


def test_a_token_services_login(cli: CommandLine, tmp_path: Path) -> None:
    with (
        serve_tokens(tmp_path, "ann", "secret") as service,
        serve_registry(tmp_path, token_auth=service.auth) as registry,
    ):
        # An anonymous token would do for reading: it proves no login.
        with pytest.raises(UnauthorizedError):
            log_in(cli, registry.host, "wrong")
        assert log_in(cli, registry.host).startswith("logged in")


@pytest.mark.parametrize("post_only", [False, True])
def test_a_token_services_identity_token_is_kept_in_place_of_the_password(
    cli: CommandLine, tmp_path: Path, *, post_only: bool
) -> None:
    config = cli.home / ".docker" / "config.json"
    with (
        serve_tokens(tmp_path, "ann", "secret") as service,
        serve_registry(tmp_path, token_auth=service.auth) as registry,
    ):
        service.identity, service.post_only = "long-lived", post_only
        log_in(cli, registry.host)
        assert "an identity token is kept in plain text" in cli.err
        assert "long-lived" not in cli.err
        entry = json.loads(config.read_text())["auths"][registry.host]
        assert entry == {"auth": "YW5uOg==", "identitytoken": "long-lived"}
        image(Layout(tmp_path / "layout"), "amd64", tag="1")
        words = ("copy", f"oci:{tmp_path}/layout:1", f"docker://{registry.host}/app:1")
        cli.ok(*words)
        assert service.asked.count("POST refresh_token") >= 1
        assert cli.ok("tags", f"{registry.host}/app") == "1\n"
        service.identity = "another"  # the account's owner took it back
        with pytest.raises(UnauthorizedError, match="ann from") as caught:
            cli.ok("copy", words[1], f"docker://{registry.host}/app:2")
        assert f"trimaran login {registry.host}" in caught.value.hint


def test_a_credential_helper_keeps_an_identity_token(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = install_helper(cli, tmp_path, monkeypatch)
    with (
        serve_tokens(tmp_path, "ann", "secret") as service,
        serve_registry(tmp_path, token_auth=service.auth) as registry,
    ):
        service.identity = "long-lived"
        log_in(cli, registry.host)
        kept = json.loads((folder / "kept").read_text())
        assert (kept["Username"], kept["Secret"]) == ("<token>", "long-lived")
        image(Layout(tmp_path / "layout"), "amd64", tag="1")
        cli.ok("copy", f"oci:{tmp_path}/layout:1", f"docker://{registry.host}/app:1")
        assert "POST refresh_token" in service.asked


def install_helper(cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "bin"
    folder.mkdir()
    helper = folder / "docker-credential-test"
    helper.write_text(HELPER)
    helper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    config = cli.home / ".docker" / "config.json"
    config.parent.mkdir()
    config.write_text('{"credsStore": "test"}')
    return folder


def test_passwords_are_not_asked_for_without_a_terminal(
    cli: CommandLine, private: RunningRegistry, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match="no terminal"):
        cli.ok("login", "-u", "ann", private.host)
    with pytest.raises(UsageError, match="needs --username"):
        cli.ok("login", "--password-stdin", private.host)


def test_a_config_that_is_none_is_left_alone(cli: CommandLine, private: RunningRegistry) -> None:
    config = cli.home / ".docker" / "config.json"
    config.parent.mkdir()
    config.write_text("{")
    with pytest.raises(RegistryError, match="is not a Docker configuration"):
        log_in(cli, private.host)
    assert config.read_text() == "{"
