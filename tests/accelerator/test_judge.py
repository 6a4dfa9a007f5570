"""What becomes of a program, by what the image and the kit hold."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest
from tests.accelerator.test_dpkg import grep, make

from trimaran import machines
from trimaran.accelerator.answers import Answer, Emulate, Native
from trimaran.accelerator.judge import Judge, Question
from trimaran.accelerator.kits import Kit

OWN = Path("/bin/true").read_bytes()
FOREIGN = b"a program of another CPU"


def filled(root: Path, program: bytes, version: str = "3.11-4", state: str = "installed") -> Path:
    """A root that has grep of a version, unchanged."""
    path = root / "usr/bin/grep"
    path.parent.mkdir(parents=True)
    path.write_bytes(program)
    path.chmod(0o755)
    digest = hashlib.md5(program).hexdigest()  # noqa: S324 - dpkg's own sums
    text = grep(state, f"grep ({version})", version)
    make(root, text, sums={"grep": f"{digest}  usr/bin/grep\n"})
    return root


def answered(
    image: Path,
    kit: Path | None,
    *,
    name: str = "grep",
    cpu: str = "aarch64",
    compatible: bool = False,
) -> Answer:
    target = machines.by_name(cpu)
    assert target
    own = image.parent / "own"
    own.mkdir(exist_ok=True)

    def kits(kind: str) -> Kit | None:
        return Kit(kind, kit) if kit and kind == "base" else None

    judge = Judge(target, machines.host(), kits, own, compatible=compatible)
    program = os.open(image / f"usr/bin/{name}", os.O_RDONLY)
    try:
        return judge.answer(Question(f"/usr/bin/{name}", program, name, image))
    finally:
        os.close(program)


def test_versions_that_differ_are_told_and_said_to_be_so(tmp_path: Path) -> None:
    image = filled(tmp_path / "image", FOREIGN)
    found = answered(image, filled(tmp_path / "kit", OWN, "3.11-3"))

    assert isinstance(found, Emulate)
    assert found.unequal
    assert found.reason == "grep is 3.11-4 in the image and 3.11-3 in the kit"


@pytest.mark.parametrize(
    ("version", "outdated"),
    [("3.11-3", "grep 3.11-4"), ("3.11-4~1", "grep 3.11-4"), ("3.12-1", "")],
)
def test_a_kit_that_is_older_than_the_image_could_be_made_anew(
    tmp_path: Path, version: str, outdated: str
) -> None:
    image = filled(tmp_path / "image", FOREIGN)
    found = answered(image, filled(tmp_path / "kit", OWN, version))

    assert isinstance(found, Emulate)
    assert found.outdated == outdated


def test_a_replaced_program_is_emulated_and_nobody_is_to_blame(tmp_path: Path) -> None:
    image = filled(tmp_path / "image", FOREIGN)
    (image / "usr/bin/grep").write_bytes(b"a wrapper")
    found = answered(image, filled(tmp_path / "kit", OWN))

    assert found == Emulate("/usr/bin/grep", "it is not the file that grep brought")


def test_a_changed_kit_is_not_trusted(tmp_path: Path) -> None:
    kit = filled(tmp_path / "kit", OWN)
    (kit / "usr/bin/grep").write_bytes(OWN + b"more")
    found = answered(filled(tmp_path / "image", FOREIGN), kit)

    assert isinstance(found, Emulate)
    assert "is not a package's own file" in found.reason


@pytest.mark.parametrize(
    ("mode", "reason"), [(0o4755, "another user's rights"), (0o2755, "another user's rights")]
)
def test_rights_that_a_stand_in_would_not_have_forbid_it(
    tmp_path: Path, mode: int, reason: str
) -> None:
    image = filled(tmp_path / "image", FOREIGN)
    (image / "usr/bin/grep").chmod(mode)
    found = answered(image, filled(tmp_path / "kit", OWN))

    assert isinstance(found, Emulate)
    assert reason in found.reason


def test_without_a_kit_it_is_asked_again_later(tmp_path: Path) -> None:
    found = answered(filled(tmp_path / "image", FOREIGN), None)

    assert isinstance(found, Emulate)
    assert not found.settled
    assert not found.unequal


def test_a_package_that_is_being_installed_is_asked_for_again(tmp_path: Path) -> None:
    image = filled(tmp_path / "image", FOREIGN, state="half-installed")
    found = answered(image, filled(tmp_path / "kit", OWN))

    assert isinstance(found, Emulate)
    assert not found.settled


def test_what_no_row_names_is_emulated(tmp_path: Path) -> None:
    image = filled(tmp_path / "image", FOREIGN)
    (image / "usr/bin/other").write_bytes(FOREIGN)

    found = answered(image, filled(tmp_path / "kit", OWN), name="other")

    assert found == Emulate("/usr/bin/other", "nothing is known of it")


@pytest.mark.parametrize(
    ("cpu", "refused"),
    [
        ("aarch64", set()),
        ("ppc64le", set()),
        ("arm", {"lz4"}),
        ("s390x", {"cpio", "file", "lz4", "ninja", "zstd"}),
    ],
)
def test_what_writes_numbers_as_its_cpu_is_emulated_for_another_kind_of_cpu(
    tmp_path: Path, cpu: str, refused: set[str]
) -> None:
    image = filled(tmp_path / "image", FOREIGN)
    names = {"cpio", "file", "lz4", "ninja", "xz", "zstd"}
    for name in names:
        (image / "usr/bin" / name).write_bytes(FOREIGN)
    kit = filled(tmp_path / "kit", OWN)
    found = {name: answered(image, kit, name=name, cpu=cpu) for name in names}
    assert {name for name, one in found.items() if why(one) != "no package owns it"} == refused


def why(answer: Answer) -> str:
    assert isinstance(answer, Emulate)
    return answer.reason


def test_equal_versions_get_past_every_refusal_but_the_libraries(tmp_path: Path) -> None:
    """The kit here has no libraries, which is the last thing that is looked at."""
    found = answered(filled(tmp_path / "image", FOREIGN), filled(tmp_path / "kit", OWN))

    assert not isinstance(found, Native)
    assert found.reason == "the kit lacks the library libc.so.6"
