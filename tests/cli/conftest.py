"""Runs commands in this process, with a home and a store of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.support.registry import RunningRegistry, serve_registry

from trimaran.cli.main import _group
from trimaran.cli.session import Session
from trimaran.images.local import StoreImages
from trimaran.registry.client import Client
from trimaran.registry.repository import Repository
from trimaran.store.store import Store

Open = Callable[[str], Repository]


@dataclass
class CommandLine:
    """`ok` runs a command that must succeed and gives its output; `err` is what it said beside."""

    capsys: pytest.CaptureFixture[str]
    home: Path
    err: str = field(default="", init=False)

    def ok(self, *words: str | Path) -> str:
        arguments = [str(word) for word in words]
        context = _group().make_context("trimaran", arguments)
        try:
            with context:
                context.command.invoke(context)
        finally:
            if isinstance(context.obj, Session) and "client" in vars(context.obj):
                context.obj.client.close()
            printed = self.capsys.readouterr()
            self.err = printed.err
        return printed.out


@pytest.fixture
def cli(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> CommandLine:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TRIMARAN_STORE", str(tmp_path / "store"))
    for name in ("DOCKER_CONFIG", "DOCKER_HOST", "XDG_CONFIG_HOME", "TRIMARAN_PROGRESS"):
        monkeypatch.delenv(name, raising=False)
    return CommandLine(capsys, home)


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry that all may write to; tests use repositories of their own."""
    with serve_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture
def opened(registry: RunningRegistry) -> Iterator[Open]:
    """Opens a repository of the registry by its full name."""
    client = Client()
    yield lambda name: Repository(registry.host, name.partition("/")[2], client)
    client.close()


@pytest.fixture
def local(cli: CommandLine, tmp_path: Path) -> Iterator[StoreImages]:
    """The images of the store that `cli` uses."""
    with Store.open(tmp_path / "store") as store:
        yield StoreImages(store)
