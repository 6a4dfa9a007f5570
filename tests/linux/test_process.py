from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from trimaran.errors import HostError
from trimaran.linux import process


def test_run_gives_status_and_output() -> None:
    done = process.run(["sh", "-c", "cat; echo err >&2; exit 3"], stdin=b"in", check=False)
    assert (done.returncode, done.stdout, done.stderr) == (3, b"in", b"err\n")


def test_run_takes_an_environment_and_a_folder(tmp_path: Path) -> None:
    done = process.run(["/bin/sh", "-c", "echo $A; pwd"], environment={"A": "1"}, folder=tmp_path)
    assert done.stdout.decode().splitlines() == ["1", str(tmp_path)]


def test_a_failure_shows_the_command_to_paste_and_the_last_lines() -> None:
    script = "for i in 1 2 3 4 5 6 7; do echo line $i >&2; done; exit 4"
    with pytest.raises(HostError) as caught:
        process.run(["sh", "-c", script])
    message = caught.value.message
    assert message.startswith(f"sh failed with status 4: sh -c '{script}'")
    assert "line 7" in message
    assert "line 2" not in message


def test_a_killed_program_names_its_signal() -> None:
    with pytest.raises(HostError, match="sh was killed by signal 9"):
        process.run(["sh", "-c", "kill -9 $$"])


def test_a_missing_program_is_named() -> None:
    with pytest.raises(HostError, match="no-such-program is not installed") as caught:
        process.run(["no-such-program", "a b"])
    assert caught.value.hint == "it is needed for: no-such-program 'a b'"


def test_a_folder_on_path_that_may_not_be_searched_hides_no_cause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0)
    monkeypatch.setenv("PATH", f"{closed}:/usr/bin")
    with pytest.raises(HostError, match="no-such-program is not installed"):
        process.run(["no-such-program"])


def test_a_file_that_may_not_run_is_not_missing(tmp_path: Path) -> None:
    (tmp_path / "plain").write_text("")
    with pytest.raises(HostError, match=r"cannot start .*: Permission denied"):
        process.run([tmp_path / "plain"])


def test_a_missing_folder_is_not_a_missing_program(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="cannot start true: No such file or directory"):
        process.run(["true"], folder=tmp_path / "none")


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    odd = tmp_path / "odd"
    odd.write_bytes(b"\0\1\2")
    odd.chmod(0o755)
    with pytest.raises(HostError, match="Exec format error"):
        process.run([odd])


def test_a_timeout_ends_the_program() -> None:
    with pytest.raises(HostError, match=r"no answer within 0\.1 s from: sleep 60"):
        process.run(["sleep", "60"], timeout_s=0.1)


def test_start_joins_output_and_errors() -> None:
    with process.start(["sh", "-c", "echo a; echo b >&2"], new_session=True) as child:
        assert child.stdout is not None
        assert child.stdout.read() == b"a\nb\n"
    assert child.returncode == 0


def test_start_reads_nothing_by_default() -> None:
    with process.start(["cat"], stderr=subprocess.DEVNULL) as child:
        assert child.stdout is not None
        assert child.stdout.read() == b""


def test_start_of_a_missing_program() -> None:
    with pytest.raises(HostError, match="is not installed"):
        process.start(["no-such-program"])


def test_find(tmp_path: Path) -> None:
    program = tmp_path / "tool"
    program.write_text("#!/bin/sh\n")
    assert process.find("tool", str(tmp_path)) is None
    program.chmod(0o755)
    assert process.find("tool", f"/nowhere:{tmp_path}") == program
