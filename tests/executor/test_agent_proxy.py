"""The proxy between OpenSSH's own agent and its own client."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from trimaran.executor import agent_proxy

pytestmark = pytest.mark.real


@pytest.fixture
def agent(tmp_path: Path) -> Iterator[Path]:
    """The socket of an agent with one key, called the user's."""
    key, path = tmp_path / "key", tmp_path / "agent"
    argv = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "the user's", "-f", str(key)]
    subprocess.run(argv, check=True)
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(path)], stdout=subprocess.DEVNULL) as own:
        while not path.exists():
            assert own.poll() is None
        subprocess.run(["ssh-add", "-q", key], env=client(path), check=True)
        yield path
        own.terminate()


def client(path: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "SSH_AUTH_SOCK": str(path)}


def ask(path: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["ssh-add", *words], env=client(path), check=False, capture_output=True, text=True
    )


def test_keys_are_shown_and_used_but_neither_added_nor_removed(agent: Path, tmp_path: Path) -> None:
    deep = tmp_path / ("deep" * 40)
    deep.mkdir()
    with agent_proxy.listening(deep, "s", partial(agent_proxy.connect_to, agent)) as path:
        link = tmp_path / "short"
        link.symlink_to(path)
        assert "the user's" in ask(link, "-l").stdout
        public = tmp_path / "key.pub"
        assert ask(link, "-T", str(public)).returncode == 0
        for refused in (["-D"], ["-d", str(public)], ["-q", str(tmp_path / "key")]):
            assert ask(link, *refused).returncode != 0, refused
        assert "the user's" in ask(agent, "-l").stdout
        with socket.socket(socket.AF_UNIX) as rude:
            rude.connect(str(link))
            rude.sendall(b"\xff\xff\xff\xff nonsense")
            with pytest.raises(ConnectionResetError):
                rude.recv(1)
    assert ask(link, "-l").returncode != 0


def test_an_agent_that_is_gone(tmp_path: Path) -> None:
    gone = partial(agent_proxy.connect_to, tmp_path / "nowhere")
    with agent_proxy.listening(tmp_path, "s", gone) as path:
        assert ask(path, "-l").returncode != 0
