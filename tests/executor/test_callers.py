"""What the kernel says of a process that asks for a stand-in."""

from __future__ import annotations

import os
import socket
import subprocess
from pathlib import Path

import pytest

from trimaran.executor.callers import call_of, peer, root_of


def test_a_call_is_read_without_what_the_kernel_puts_in_front(tmp_path: Path) -> None:
    argv = ("/bin/sh", "-c", "echo; read x", "-x", "", b"\xff")
    environment = {"A": "1", "B": ""}
    with subprocess.Popen(
        argv, cwd=tmp_path, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout
        process.stdout.readline()  # by now it has its own arguments
        call = call_of(process.pid)

    assert call.argv == ("echo; read x", "-x", "", "\udcff")
    assert call.environment == ("A=1", "B=")
    assert call.folder == str(tmp_path)
    assert call.root == root_of(process.pid)


def test_of_a_process_that_is_gone_nothing_is_read() -> None:
    process = subprocess.Popen(["true"])
    process.wait()
    with pytest.raises(FileNotFoundError):
        call_of(process.pid)


def test_who_connects_is_known() -> None:
    one, other = socket.socketpair(socket.AF_UNIX)
    with one, other:
        assert peer(one) == peer(other) == os.getpid()
