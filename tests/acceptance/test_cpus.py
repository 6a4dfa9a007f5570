"""What every CPU must be able to do: change users and rights, fork, and, on Debian, install.

On a busybox all CPUs take seconds. A Debian for each takes minutes: `make cpus` asks for these.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance import cpu_scenarios
from tests.support.inside import run_inside
from tests.support.own_workshop import own_workshop
from tests.support.workshop import Workshop

FOLDER = Path(__file__).with_name("cpus")
MACHINES = {
    "linux/arm64": "aarch64",
    "linux/arm/v7": "armv7l",
    "linux/ppc64le": "ppc64le",
    "linux/riscv64": "riscv64",
    "linux/s390x": "s390x",
}
NATIVE = ("linux/amd64", "linux/386")
ON_BUSYBOX = (*NATIVE, *MACHINES)
ON_DEBIAN = ("linux/386", "linux/arm/v7", "linux/ppc64le", "linux/s390x", "linux/riscv64")
LIMIT_S = 1800.0


@pytest.fixture(scope="module")
def built() -> Iterator[Workshop]:
    """All CPUs at once, from one Dockerfile."""
    with own_workshop() as shop:
        platforms = ",".join(ON_BUSYBOX)
        shop.ok("base", "busybox", "-t", "busybox", "--platform", platforms)
        dockerfile = FOLDER / "busybox.Dockerfile"
        shop.ok("build", "-t", "cpus", "--platform", platforms, "-f", dockerfile, FOLDER)
        yield shop


@pytest.mark.real
@pytest.mark.parametrize("platform", ON_BUSYBOX)
def test_users_setuid_programs_sockets_and_forks(built: Workshop, platform: str) -> None:
    done = built.ok("run", "--platform", platform, "cpus")
    assert done.stdout.splitlines() == ["worker 0", "Connection refused", "100"]
    if platform in MACHINES:
        told = built.ok("run", "--platform", platform, "cpus", "uname", "-m")
        assert told.stdout == f"{MACHINES[platform]}\n"


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize("platform", ON_DEBIAN)
def test_packages_users_and_rights_on_debian(platform: str) -> None:
    with own_workshop() as shop:
        run_inside(cpu_scenarios.debian_base, "self", shop.store_path, platform, timeout_s=LIMIT_S)
        report = json.loads(shop.ok("verify", "--format", "json", "debian").stdout)
        assert report["findings"] == []
        assert report["images"][0]["platform"] == platform
        words = ("build", "-t", "cpu", "--platform", platform)
        dockerfile = FOLDER / "debian.Dockerfile"
        done = shop.run(*words, "-f", dockerfile, FOLDER, timeout_s=LIMIT_S)
        assert done.returncode == 0, done.stderr[-20000:]
        said = shop.ok("run", "--platform", platform, "cpu").stdout
        assert said.splitlines() == ["worker root root", "root", "Connection refused", "100"]
