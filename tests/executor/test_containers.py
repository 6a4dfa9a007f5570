from __future__ import annotations

from pathlib import Path

import pytest

from trimaran.errors import UsageError
from trimaran.executor.bundle import BindMount
from trimaran.executor.containers import bind_mount, program_of
from trimaran.oci.models import RunConfig

CONFIG = RunConfig(
    user="worker",
    env=("PATH=/bin", "MODE=image"),
    entrypoint=("/entry",),
    cmd=("default",),
    working_dir="/srv",
)


def test_an_image_runs_as_it_says() -> None:
    program = program_of(CONFIG)
    assert program.arguments == ("/entry", "default")
    assert program.environment == ("PATH=/bin", "MODE=image")
    assert (program.directory, program.user, program.terminal) == ("/srv", "worker", False)


def test_the_command_line_wins() -> None:
    program = program_of(
        CONFIG,
        ("one", "two"),
        environment={"MODE": "mine", "MORE": "=x"},
        directory="/tmp",
        user="0",
    )
    assert program.arguments == ("/entry", "one", "two")
    assert program.environment == ("PATH=/bin", "MODE=mine", "MORE==x")
    assert (program.directory, program.user) == ("/tmp", "0")


def test_another_entrypoint_drops_the_images_cmd() -> None:
    assert program_of(CONFIG, entrypoint=("/bin/sh",)).arguments == ("/bin/sh",)
    assert program_of(CONFIG, ("-c", "x"), entrypoint=("/bin/sh",)).arguments == (
        "/bin/sh",
        "-c",
        "x",
    )


def test_a_terminal_has_a_type() -> None:
    assert "TERM=xterm" in program_of(CONFIG, terminal=True).environment


def test_an_image_without_a_command() -> None:
    with pytest.raises(UsageError, match="no command"):
        program_of(RunConfig())
    assert program_of(RunConfig(), ("true",)).directory == "/"


def test_volumes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert bind_mount(f"{tmp_path}:/data") == BindMount(tmp_path, "/data", ())
    assert bind_mount(f"{tmp_path}:/data:ro").options[0] == "ro"
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sub").mkdir()
    assert bind_mount("sub:/data:rw").source == tmp_path / "sub"


def test_a_read_only_volume_repeats_the_flags_of_its_file_system() -> None:
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        place, options = line.split()[4:6]
        if place in ("/", "/dev", "/dev/pts", "/proc", "/sys"):
            locked = {"nosuid", "nodev", "noexec"} & set(options.split(","))
            assert set(bind_mount(f"{place}:/data:ro").options) == {"ro", *locked}


@pytest.mark.parametrize("text", ["", "/tmp", "/tmp:", ":/x", "/tmp:x", "/tmp:/x:rx", "/none:/x"])
def test_volumes_that_are_none(text: str) -> None:
    with pytest.raises(UsageError):
        bind_mount(text)
