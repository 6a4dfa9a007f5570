"""Logins from Docker's config.json: its entries, helpers and store, and its faults."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from trimaran.errors import HostError, RegistryError
from trimaran.registry.credentials import Credentials, DockerConfig, no_credentials

SECRET = "p:ä ss"  # noqa: S105


def config(folder: Path, **fields: object) -> DockerConfig:
    path = folder / "config.json"
    path.write_text(json.dumps({"HttpHeaders": {"a": "b"}, **fields}))
    return DockerConfig(path)


def auth(text: str = f"ann:{SECRET}") -> dict[str, str]:
    return {"auth": base64.b64encode(text.encode()).decode()}


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """`docker-credential-test` on PATH, which keeps what it was asked and answers from a file."""
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "docker-credential-test"
    program.write_text(
        f"#!/bin/sh\ncat > {tmp_path}/asked\n"
        f"[ $1 = get ] && [ -e {tmp_path}/answer ] && exec cat {tmp_path}/answer\n"
        "printf 'credentials not found in native keychain\\n'; exit 1\n"
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return tmp_path / "answer"


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("localhost:5000", "localhost:5000"),
        ("https://a.example", "a.example"),
        ("https://a.example/v1/", "a.example"),
        ("https://index.docker.io/v1/", "docker.io"),
        ("docker.io", "docker.io"),
    ],
)
def test_an_entry_is_found_under_the_keys_that_docker_wrote(
    tmp_path: Path, key: str, registry: str
) -> None:
    found = config(tmp_path, auths={"other.example": auth("x:y"), key: auth()}).find(registry)
    assert found == Credentials("ann", SECRET, str(tmp_path / "config.json"))


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ({"username": "ann", "password": "pw"}, ("ann", "pw", "")),
        ({**auth("ann:"), "identitytoken": "it"}, ("ann", "", "it")),
        (auth("ann:pw\0\0"), ("ann", "pw", "")),
    ],
)
def test_the_forms_of_an_entry(
    tmp_path: Path, entry: dict[str, str], expected: tuple[str, str, str]
) -> None:
    found = config(tmp_path, auths={"a.example": entry}).find("a.example")
    assert found
    assert (found.username, found.password, found.identity_token) == expected


@pytest.mark.parametrize("fields", [{}, {"auths": None}, {"auths": {"a.example": {}}}])
def test_no_login(tmp_path: Path, fields: dict[str, object]) -> None:
    assert config(tmp_path, **fields).find("a.example") is None
    assert DockerConfig(tmp_path / "none.json").find("a.example") is None
    assert no_credentials("a.example") is None


def test_no_secret_is_shown(tmp_path: Path) -> None:
    found = config(tmp_path, auths={"a.example": {**auth(), "identitytoken": "tt"}}).find(
        "a.example"
    )
    assert "ann" in repr(found)
    assert SECRET not in repr(found)
    assert "tt" not in repr(found).replace("https", "")


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"auths": 1}', '{"auths": {"a": {"auth": 1}}}', "\xff"]
)
def test_a_malformed_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(RegistryError, match=f"{path} is not a Docker configuration: "):
        DockerConfig(path).find("a.example")


@pytest.mark.parametrize("secret", ["c2VjcmV0", "se cret", "é"])
def test_a_malformed_entry_is_named_without_its_secret(tmp_path: Path, secret: str) -> None:
    with pytest.raises(RegistryError, match=r"auths\.a\.example\.auth") as caught:
        config(tmp_path, auths={"a.example": {"auth": secret}}).find("a.example")
    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_folder_in_the_files_place_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(RegistryError, match="cannot read"):
        DockerConfig(tmp_path).find("a.example")


def test_the_store_is_asked_by_dockers_key(tmp_path: Path, helper: Path) -> None:
    helper.write_text('{"ServerURL": "x", "Username": "bob", "Secret": "pw"}')
    found = config(tmp_path, credsStore="test").find("docker.io")
    assert found == Credentials("bob", "pw", "docker-credential-test")
    assert (tmp_path / "asked").read_text() == "https://index.docker.io/v1/"


def test_a_registrys_helper_goes_before_the_store(tmp_path: Path, helper: Path) -> None:
    helper.write_text('{"Username": "<token>", "Secret": "it"}')
    fields = {"credHelpers": {"a.example": "test"}, "credsStore": "absent"}
    found = config(tmp_path, **fields).find("a.example")
    assert found
    assert (found.username, found.identity_token) == ("", "it")


@pytest.mark.usefixtures("helper")
def test_what_the_store_lacks_may_be_in_the_file(tmp_path: Path) -> None:
    found = config(tmp_path, credsStore="test", auths={"a.example": auth()})
    assert found.find("b.example") is None
    login = found.find("a.example")
    assert login
    assert login.username == "ann"


def test_a_helper_that_fails_is_named(tmp_path: Path, helper: Path) -> None:
    helper.mkdir()
    with pytest.raises(RegistryError, match=r"docker-credential-test.*failed with status 1"):
        config(tmp_path, credsStore="test").find("a.example")


def test_a_helper_that_babbles_is_not_quoted(tmp_path: Path, helper: Path) -> None:
    helper.write_text("my secret")
    with pytest.raises(RegistryError, match="docker-credential-test") as caught:
        config(tmp_path, credsStore="test").find("a.example")
    assert "my secret" not in str(caught.value)


def test_a_helper_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="docker-credential-absent is not installed"):
        config(tmp_path, credsStore="absent").find("a.example")
