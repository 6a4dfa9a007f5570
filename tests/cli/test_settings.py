from __future__ import annotations

from pathlib import Path

import pytest
from tests.registry.scripted import Reply, serve

from trimaran.cli import settings
from trimaran.cli.session import Session
from trimaran.errors import RegistryError, UsageError
from trimaran.registry import hosts
from trimaran.registry.client import Call, Client


def test_the_file_names_registries_without_tls(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    assert settings.read(path).plain_http == frozenset()
    path.write_text(
        '[registry."lan:5000"]\nplain-http = true\n[registry."other"]\nplain-http = false\n'
    )
    assert settings.read(path).plain_http == {"lan:5000"}


@pytest.mark.parametrize("text", ["[", "a = 1", '[registry."x"]\nplain = true', "\xff"])
def test_what_is_not_known_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError, match=r"config\.toml"):
        settings.read(path)


def test_where_the_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert Session.from_environment(None).settings_path == tmp_path / "trimaran" / "config.toml"


def test_plain_http_only_where_it_is_allowed(monkeypatch: pytest.MonkeyPatch) -> None:
    # This machine takes the part of a far one.
    monkeypatch.setattr(hosts, "is_loopback_name", lambda _: False)
    call = Call("GET", "/v2/", frozenset(), {}, tries=False)
    with serve(lambda _: Reply(200)) as registry:
        client = Client()
        with pytest.raises(RegistryError):
            client.send(registry.host, call)
        assert registry.seen == []
        client.close()
        client = Client(plain_http=[registry.host])
        with client.send(registry.host, call) as answer:
            assert answer.status == 200
        client.close()
