from __future__ import annotations

from pathlib import Path

import pytest

from trimaran import platforms
from trimaran.build import debian
from trimaran.build.debian import Mirror, Port
from trimaran.errors import PlatformError

SOURCES = """\
# the archive
Types: deb
# URIs: http://commented.test/debian
URIs: http://mirror.test/debian/
Suites: bookworm bookworm-updates
Components: main

Types: deb-src
URIs: http://sources.test/debian

Types: deb
Enabled: no
URIs: http://disabled.test/debian-security

Types: deb deb-src
URIs:
 http://mirror.test/debian-security
Suites: bookworm-security
"""


@pytest.mark.parametrize(
    ("platform", "suite", "port"),
    [
        ("amd64", "", Port("bookworm", "amd64")),
        ("386", "", Port("bookworm", "i386")),
        ("arm64", "trixie", Port("trixie", "arm64")),
        ("arm/v7", "", Port("bookworm", "armhf")),
        ("arm/v8", "", Port("bookworm", "armhf")),
        ("arm/v6", "", Port("bookworm", "armel")),
        ("arm/v5", "", Port("bookworm", "armel")),
        ("ppc64le", "", Port("bookworm", "ppc64el")),
        ("mips64le", "", Port("bookworm", "mips64el")),
        ("riscv64", "", Port("trixie", "riscv64")),
        ("loong64", "", Port("forky", "loong64")),
        ("sparc64", "some-port-suite", Port("some-port-suite", "sparc64")),
    ],
)
def test_port_of_a_platform(platform: str, suite: str, port: Port) -> None:
    wanted = platforms.parse(platform if "/" not in platform else f"linux/{platform}")
    assert debian.ports([wanted], suite) == {wanted: port}


def test_all_platforms_that_are_not_served_are_named_at_once() -> None:
    wanted = platforms.parse_list("linux/amd64,linux/riscv64,linux/loong64")
    with pytest.raises(PlatformError) as caught:
        debian.ports(wanted, "bookworm")
    assert caught.value.message == "Debian bookworm does not serve linux/riscv64, linux/loong64"
    assert caught.value.hint == (
        "linux/riscv64 is served by trixie, forky, sid; linux/loong64 is served by forky, sid"
    )


def test_a_platform_that_debian_never_serves() -> None:
    with pytest.raises(PlatformError, match="Debian does not serve linux/ppc64") as caught:
        debian.ports(platforms.parse_list("linux/ppc64"))
    assert caught.value.hint.startswith("it serves the architectures amd64, arm64, armel, ")


def test_the_mirror_of_the_machine(tmp_path: Path) -> None:
    (tmp_path / "other.sources").write_text("Types: deb\nURIs: https://x.test/node\n")
    (tmp_path / "z.sources").write_text(SOURCES)
    found = debian.mirror(tmp_path, tmp_path / "none")
    assert found == Mirror("http://mirror.test/debian", "http://mirror.test/debian-security")


def test_the_mirror_in_the_one_line_form(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(
        "# deb http://commented.test/debian stable main\n"
        "deb cdrom:[Debian]/ bookworm main\n"
        "deb-src http://sources.test/debian bookworm main\n"
        "deb [arch=amd64 signed-by=/k.gpg] http://lines.test/debian bookworm main\n"
    )
    found = debian.mirror(tmp_path / "none", tmp_path / "sources.list")
    assert found == Mirror("http://lines.test/debian")


def test_another_distributions_mirror_is_not_taken(tmp_path: Path) -> None:
    (tmp_path / "ubuntu.sources").write_text("Types: deb\nURIs: http://mirror.test/ubuntu/\n")
    assert debian.mirror(tmp_path, tmp_path / "none") == Mirror()


def test_lines_of_a_suite() -> None:
    mirror = Mirror("http://a.test/debian", "http://s.test/debian-security")
    assert mirror.lines("trixie") == (
        "deb http://a.test/debian trixie main",
        "deb http://a.test/debian trixie-updates main",
        "deb http://s.test/debian-security trixie-security main",
    )
    assert mirror.lines("sid") == ("deb http://a.test/debian sid main",)
