"""Lua from source on a bootstrapped Debian: apt, gcc, users, sudo, file capabilities.

It takes minutes of one processor, so it is built while the tests before these run.
"""

from __future__ import annotations

import json
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.acceptance.lua_words import BUILD, PLATFORMS
from tests.support.ahead import Ahead
from tests.support.own_workshop import OwnWorkshop
from tests.support.registry import RunningRegistry
from tests.support.workshop import Done, Workshop, labels, read_events

pytestmark = [pytest.mark.real, pytest.mark.last]

LIMIT_S = 1800.0  # an emulated base and compiler, on a machine that does other things as well
LONG = "0" * 200
CAPABILITY = "SCHILY.xattr.security.capability"
# struct vfs_cap_data of linux/capability.h: VFS_CAP_REVISION_2, effective; CAP_DAC_OVERRIDE is 1.
DAC_OVERRIDE_V2 = (0x02000001).to_bytes(4, "little") + (1 << 1).to_bytes(4, "little") + bytes(12)


@dataclass(frozen=True)
class Built:
    """The image in a registry, where `node` pulled all of it; `events` are those of the build."""

    shop: OwnWorkshop
    node: Workshop
    name: str
    events: list[dict[str, Any]]

    def run(self, platform: str, *words: str) -> Done:
        return self.node.run("run", "--platform", platform, *words)

    def config(self, platform: str) -> dict[str, Any]:
        done = self.node.ok("inspect", "--config", "--platform", platform, self.name)
        found: dict[str, Any] = json.loads(done.stdout)
        return found

    def layers(self, platform: str) -> list[dict[str, tarfile.TarInfo]]:
        """The entries of each layer by name, base first."""
        index = json.loads(self.node.ok("inspect", "--raw", self.name).stdout)
        entries = index.get("manifests", [])
        wanted = {"linux/amd64": "amd64", "linux/arm64": "arm64"}[platform]
        digests = [e["digest"] for e in entries if e["platform"]["architecture"] == wanted]
        manifest = json.loads(blob(self.node, digests[0]).read_bytes()) if digests else index
        return [entries_of(blob(self.node, layer["digest"])) for layer in manifest["layers"]]


@pytest.fixture(scope="module")
def built(lua_ahead: Ahead, registry: RunningRegistry) -> Built:
    events = read_events(Done(BUILD, 0, stderr=lua_ahead.finished(LIMIT_S)))
    shop = lua_ahead.shop
    name = f"{registry.host}/acceptance/lua"
    shop.ok(*BUILD, "--push", "-t", name)
    node = shop.with_store("node")
    node.ok("pull", name)
    return Built(shop, node, name, events)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_each_lua_runs_and_tells_what_the_build_left(built: Built, platform: str) -> None:
    done = built.run(platform, built.name)
    assert done.stdout.splitlines() == [
        f"hello world from Lua 5.4 on {platform}",
        "64\ttrue\t-4\ttrue",
        str(len(f"{LONG}.{LONG}")),
        "lua sudo",
        "0",
        "true",
        "100",
        "shared",
    ], done.stderr
    assert built.run(platform, built.name, "-e", "os.exit(7)").returncode == 7


@pytest.mark.parametrize("platform", PLATFORMS)
def test_rights_of_programs_survive_the_registry(built: Built, platform: str) -> None:
    program = "/usr/local/bin/lua-reads-all"
    listed = built.run(platform, "--entrypoint", "getcap", built.name, program)
    assert listed.stdout == f"{program} cap_dac_override=ep\n", listed.stderr
    script = "assert(io.open('/etc/shadow')); print(io.popen('sudo -n id -u'):read())"
    used = built.run(platform, "--entrypoint", program, built.name, "-e", script)
    assert used.stdout == "0\n", used.stderr
    refused = built.run(platform, built.name, "-e", script)
    assert "/etc/shadow: Permission denied" in refused.stderr


@pytest.mark.parametrize("platform", PLATFORMS)
def test_layers_hold_links_long_names_capabilities_and_whiteouts(
    built: Built, platform: str
) -> None:
    cleaned, copied = built.layers(platform)[2:4]
    assert "var/lib/apt/lists/.wh..wh..opq" in cleaned or any(
        name.startswith("var/lib/apt/lists/.wh.") for name in cleaned
    )
    assert copied["usr/local/bin/lua5.4"].islnk()
    assert copied["usr/local/bin/lua5.4"].linkname == "usr/local/bin/lua"
    assert f"usr/local/share/lua/5.4/{LONG}/{LONG}.lua" in copied
    value = copied["usr/local/bin/lua-reads-all"].pax_headers[CAPABILITY]
    assert value.encode("utf-8", "surrogateescape") == DAC_OVERRIDE_V2
    assert {(it.uid, it.gid) for it in copied.values()} == {(0, 0)}


@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_config_is_the_dockerfiles(built: Built, platform: str) -> None:
    image = built.config(platform)
    config = image["config"]
    assert config["Entrypoint"] == ["lua"]
    assert config["Cmd"] == ["hello.lua", "world"]
    assert config["User"] == "lua"
    assert config["WorkingDir"] == "/srv/lua"
    assert config["ExposedPorts"] == {"8080/tcp": {}}
    assert config["Volumes"] == {"/srv/lua/data": {}}
    assert config["StopSignal"] == "SIGINT"
    assert config["Shell"] == ["/bin/bash", "-o", "pipefail", "-c"]
    assert config["Healthcheck"] == {
        "Test": ["CMD", "lua", "-e", "os.exit(true)"],
        "Interval": 300 * 10**9,
        "Timeout": 3 * 10**9,
    }
    assert config["Labels"]["org.example.platform"] == platform
    assert f"LUA_INIT=platform = '{platform}'" in config["Env"]
    assert len(image["history"]) >= 15
    assert sum(not line.get("empty_layer") for line in image["history"]) == 7


def test_arm64_was_emulated_and_apt_had_nothing_to_complain_of(built: Built) -> None:
    started = [event for event in built.events if event["event"] == "step-started"]
    ran = {(it["platform"], it["mode"]) for it in started if "] RUN " in it["label"]}
    modes = {"linux/amd64": "native", "linux/arm64": "emulated"}
    assert ran == {(platform, modes[platform]) for platform in PLATFORMS}
    printed = [event["line"] for event in built.events if event["event"] == "step-output"]
    assert [line for line in printed if line.startswith(("W:", "E:", "dpkg: "))] == []


def test_the_same_build_runs_nothing(built: Built) -> None:
    assert labels(read_events(built.shop.ok(*BUILD)), "step-started") == []


def blob(shop: Workshop, digest: str) -> Path:
    return shop.store_path / "blobs" / digest.replace(":", "/")


def entries_of(layer: Path) -> dict[str, tarfile.TarInfo]:
    with tarfile.open(layer) as tar:
        return {member.name: member for member in tar}
