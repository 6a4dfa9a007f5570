"""With a stand-in for mmdebstrap on the search path; the real one is in test_base.py."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from trimaran import platforms
from trimaran.build import bootstrap
from trimaran.build.apt import Programs
from trimaran.build.debian import Mirror, Port
from trimaran.errors import StepError
from trimaran.scheduler.tasks import Stopped

FILL = """\
echo "$@" >"$(dirname "$0")/arguments"
echo "epoch $SOURCE_DATE_EPOCH proxy $http_proxy"
for argument; do case $argument in */root) root=$argument;; esac; done
mkdir -p "$root/etc/apt/apt.conf.d" "$root/etc/dpkg/dpkg.cfg.d" "$root/usr/sbin" "$root/var/log/apt"
echo leak >"$root/etc/hostname"
echo leak >"$root/etc/resolv.conf"
echo noise >"$root/var/log/apt/term.log"
ln -s /etc/passwd "$root/var/log/link"
"""


def _make(folder: Path, script: str, stop: threading.Event | None = None) -> list[str]:
    program = folder / "bin/mmdebstrap"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/sh\n{script}")
    program.chmod(0o755)
    (folder / "root").mkdir(exist_ok=True)
    lines: list[str] = []
    bootstrap.make_root(
        folder / "root",
        platforms.parse("linux/s390x"),
        Port("trixie", "s390x"),
        mirror=Mirror(),
        programs=Programs(str(program.parent), {"http_proxy": "http://p.test"}),
        source_date_epoch=7,
        take=lines.append,
        stop=stop or threading.Event(),
    )
    return lines


def test_the_root_keeps_nothing_of_the_machine(tmp_path: Path) -> None:
    before = Path("/etc/passwd").stat().st_size
    lines = _make(tmp_path, FILL)
    root = tmp_path / "root"
    assert lines == ["epoch 7 proxy http://p.test"]
    words = (tmp_path / "bin/arguments").read_text().split()
    assert {"--mode=root", "--variant=minbase", "--architectures=s390x", "trixie"} <= set(words)
    assert not (root / "etc/hostname").exists()
    assert not (root / "etc/resolv.conf").exists()
    assert (root / "var/log/apt/term.log").read_bytes() == b""
    assert Path("/etc/passwd").stat().st_size == before
    assert (root / "usr/sbin/policy-rc.d").stat().st_mode & 0o777 == 0o755
    assert (root / "etc/dpkg/dpkg.cfg.d/90container").read_text() == "force-unsafe-io\n"


def test_a_failure_carries_status_and_last_lines(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="mmdebstrap failed with status 25") as caught:
        _make(tmp_path, "echo E: no such suite >&2\nexit 25\n")
    assert caught.value.exit_status_of_step == 25
    assert caught.value.platform == "linux/s390x"
    assert caught.value.output == ("E: no such suite",)


def test_it_is_called_off(tmp_path: Path) -> None:
    stop = threading.Event()
    timer = threading.Timer(0.3, stop.set)
    timer.start()
    started = time.monotonic()
    with pytest.raises(Stopped):
        _make(tmp_path, f"trap 'touch {tmp_path}/ended; exit 1' TERM\nsleep 60 &\nwait\n", stop)
    timer.join()
    assert time.monotonic() - started < 8
    assert (tmp_path / "ended").exists()


def test_an_octal_path_of_the_mount_table() -> None:
    assert bootstrap._unescaped(r"/a\040b\134c") == "/a b\\c"
