from __future__ import annotations

import stat
from pathlib import Path

import pytest

from trimaran.errors import HostError
from trimaran.executor import sysfs
from trimaran.executor.runtime import Runtime
from trimaran.executor.stage import refuse_unmapped
from trimaran.executor.surroundings import HOSTS, RESOLV_CONF, Surroundings, machine
from trimaran.executor.users import ProcessUser


def test_proxies_are_set_in_both_spellings() -> None:
    lent = Surroundings(b"", {"HTTP_PROXY": "p", "no_proxy": "q"})
    assert lent.environment == {
        "http_proxy": "p",
        "HTTP_PROXY": "p",
        "no_proxy": "q",
        "NO_PROXY": "q",
    }


def test_hosts_name_this_host_and_others() -> None:
    text = Surroundings(b"", extra_hosts={"mirror": "192.0.2.7"}).hosts.decode()
    assert text.splitlines()[0].split() == ["127.0.0.1", "localhost", "trimaran"]
    assert text.endswith("192.0.2.7\tmirror\n")


def test_files_are_provided_where_they_are_wanted(tmp_path: Path) -> None:
    lent = Surroundings(b"nameserver 192.0.2.1\n")
    (mount,) = lent.provide(tmp_path, (RESOLV_CONF,))
    assert mount.destination == RESOLV_CONF
    assert mount.source.read_bytes() == lent.resolv_conf
    assert stat.S_IMODE(mount.source.stat().st_mode) == 0o644
    assert "ro" in mount.options
    assert [one.destination for one in lent.provide(tmp_path, (RESOLV_CONF, HOSTS))] == [
        RESOLV_CONF,
        HOSTS,
    ]


def test_the_machine_has_a_name() -> None:
    assert machine()


def test_ids_outside_the_namespace_are_refused() -> None:
    id_map = "0 1000 1\n1 100000 65536\n"
    refuse_unmapped(ProcessUser(65536, 0), id_map, "someone")
    with pytest.raises(HostError, match="65537") as caught:
        refuse_unmapped(ProcessUser(65537, 0), id_map, "someone")
    assert "--add-subuids" in caught.value.hint


def test_a_missing_runtime_names_its_package(tmp_path: Path) -> None:
    with pytest.raises(HostError, match="no-such-runtime is not installed") as caught:
        Runtime.find(str(tmp_path), "no-such-runtime")
    assert caught.value.hint


def test_a_runtime_by_its_path(tmp_path: Path) -> None:
    program = tmp_path / "crun"
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    found = Runtime.find("", str(program))
    assert found.program == program
    assert found.flags == ("--cgroup-manager=disabled",)
    assert found.hide_cgroups


def test_only_writable_mounts_below_sys_are_remounted() -> None:
    text = (
        "22 1 0:21 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n"
        "23 22 0:22 / /sys/fs/cgroup ro,nosuid - cgroup2 cgroup2 rw\n"
        "24 22 0:23 / /sys/fs/od\\040d rw - bpf bpf rw\n"
        "25 1 0:24 / /system rw - tmpfs tmpfs rw\n"
    )
    assert sysfs.writable(text) == ["/sys", "/sys/fs/od d"]


def test_nothing_is_remounted_outside_a_namespace() -> None:
    assert sysfs.protect() is False
