"""--qemu and TRIMARAN_QEMU, in each command that has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.users import as_ordinary_user, ordinary_folder, trimaran_program

from trimaran import machines
from trimaran.emulation import find, probes
from trimaran.linux import process

FOREIGN = "s390x" if machines.host().name != "s390x" else "ppc64le"
COMMANDS = [
    (("build",), (".",)),
    (("run",), ("image",)),
    (("base",), ("busybox", "-t", "x")),
    (("host", "status"), ()),
    (("host", "setup"), ("--dry-run",)),
]


@pytest.mark.parametrize(("command", "words"), COMMANDS)
@pytest.mark.parametrize("variable", [False, True])
def test_every_command_that_emulates_takes_it(
    command: tuple[str, ...], words: tuple[str, ...], variable: bool
) -> None:
    with ordinary_folder() as folder:
        (folder / "Dockerfile").write_text("FROM scratch\n")
        option = () if variable else ("--qemu", "/none/qemu-arm")
        done = as_ordinary_user(
            [*trimaran_program(), *command, *option, *words],
            folder=folder,
            environment={
                "TRIMARAN_STORE": str(folder / "store"),
                **({"TRIMARAN_QEMU": "/:/none/qemu-arm"} if variable else {}),
            },
        )
    assert done.returncode == 2
    assert "--qemu /" in done.stderr


def build(folder: Path, *words: str) -> tuple[int, str]:
    """Build an image that runs a foreign CPU's probe."""
    row = machines.by_name(FOREIGN)
    assert row is not None
    context = folder / "context"
    context.mkdir(exist_ok=True)
    (context / "probe").write_bytes(probes.program(row))
    (context / "Dockerfile").write_text(
        'FROM scratch\nCOPY --chmod=755 probe /probe\nRUN ["/probe"]\n'
    )
    program = [*trimaran_program(), "--store", str(folder / "store"), "build", "--no-cache"]
    done = as_ordinary_user(
        [*program, "--progress=plain", f"--platform={FOREIGN}", *words, str(context)]
    )
    return done.returncode, done.stderr


@pytest.mark.real
def test_a_build_emulates_with_what_is_named() -> None:
    row = machines.by_name(FOREIGN)
    assert row is not None
    real = find.emulators(row, machines.host(), process.SYSTEM_PATH)[0].path
    with ordinary_folder() as folder:
        wrong = build(folder, "--qemu", f"{FOREIGN}=/bin/sh")
        right = build(folder, "--qemu", f"{FOREIGN}={real}")
        of_folder = build(folder, "--qemu", str(real.parent))
    assert wrong[0] == 1
    assert f"linux/{FOREIGN}: /bin/sh is not static" in wrong[1]
    assert right[0] == 0, right[1]
    assert of_folder[0] == 0, of_folder[1]
