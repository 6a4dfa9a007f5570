from __future__ import annotations

from pathlib import Path

import pytest

from trimaran.linux import distribution


@pytest.mark.parametrize(
    ("text", "family"),
    [
        ('PRETTY_NAME="Debian GNU/Linux 12"\nID=debian\n', "debian"),
        ("ID=ubuntu\nID_LIKE=debian\n", "debian"),
        ('ID=linuxmint\nID_LIKE="ubuntu debian"\n', "debian"),
        ('ID="rocky"\nID_LIKE="rhel centos fedora"\n', "fedora"),
        ("ID=fedora\n", "fedora"),
        ("ID=alpine\n", "alpine"),
        ("ID=manjaro\nID_LIKE=arch\n", "arch"),
        ('ID="opensuse-leap"\nID_LIKE="suse opensuse"\n', "suse"),
        ("ID=nixos\n", ""),
        ("# ID=debian\n\nodd\nNAME='unended\n", ""),
        ("", ""),
    ],
)
def test_family_of(text: str, family: str) -> None:
    assert distribution.family_of(text) == family


def test_family_reads_the_first_file_that_is_there(tmp_path: Path) -> None:
    (tmp_path / "second").write_text("ID=alpine\n")
    assert distribution.family((tmp_path / "first", tmp_path / "second")) == "alpine"
    assert distribution.family((tmp_path / "first",)) == ""


def test_install_hint_names_the_familys_package() -> None:
    packages = {"debian": "uidmap"}
    assert distribution.install_hint(packages, "debian", "x") == "sudo apt-get install uidmap"
    assert distribution.install_hint(packages, "arch", "x") == "x"
    assert distribution.install_hint(packages, "", "x") == "x"
