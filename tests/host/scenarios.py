"""What `host` does on a machine of its own; each scenario runs in its own process."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from pathlib import Path
from typing import Any, BinaryIO

from tests.support import own_machine
from tests.support.own_machine import TABLE, entries, run, trimaran

from trimaran import machines
from trimaran.emulation import handlers, probes
from trimaran.linux import mounts
from trimaran.machines import Machine

FOREIGN = "s390x"


def row(name: str) -> Machine:
    found = machines.by_name(name)
    assert found is not None
    return found


def status(*words: str) -> dict[str, dict[str, Any]]:
    """`host status --json`, by CPU."""
    done = trimaran("host", "status", "--json", *words)
    assert done.status == 0, done.err
    return {one["cpu"]: one for one in json.loads(done.out)["rows"]}


def files() -> list[str]:
    """Every file and link that setup could have made."""
    found = [*Path("/etc").rglob("*trimaran*"), *Path("/var/lib").rglob("*")]
    found += Path("/etc/systemd").rglob("*") if Path("/etc/systemd").exists() else []
    return sorted(map(str, found))


def setup_twice_and_remove() -> Any:
    own_machine.move_in()
    before = status()[FOREIGN]
    first = trimaran("host", "setup", FOREIGN, "m68k")
    made, shown, registered = files(), status("--all"), entries()
    second = trimaran("host", "setup", FOREIGN, "m68k")
    some = trimaran("host", "remove", "m68k")
    after_some = entries()
    rest = trimaran("host", "remove")
    again = trimaran("host", "remove")
    return {
        "before": before,
        "outputs": [one.out + one.err for one in (first, second, some, rest, again)],
        "statuses": [one.status for one in (first, second, some, rest, again)],
        "made": made,
        "shown": [shown[FOREIGN], shown["m68k"]],
        "registered": registered,
        "after some": after_some,
        "left": files(),
        "mounted": (TABLE / "register").exists(),
    }


def every_cpu() -> Any:
    own_machine.move_in()
    done = trimaran("host", "setup", "--all")
    shown = status("--all")
    flushed = (TABLE / "status").write_text("-1")
    gone = entries()
    tool = run("/usr/lib/systemd/systemd-binfmt")
    back = status("--all")
    return {
        "done": [done.status, done.out + done.err],
        "states": {cpu: [one["state"], one["probe"]] for cpu, one in shown.items()},
        "flushed": [flushed, gone],
        "tool": [tool.status, tool.err],
        "back": {cpu: [one["state"], one["probe"]] for cpu, one in back.items()},
        "survive": sorted(
            cpu
            for cpu, one in back.items()
            if any(entry["survivesReboot"] for entry in one["entries"])
        ),
    }


def debians_own_entries() -> Any:
    """What Debian's packages configure, and what setup adds to it."""
    own_machine.move_in(distribution_files=True)
    mounts.BinfmtMisc(TABLE).execute()
    tool = run("/usr/lib/systemd/systemd-binfmt")
    shown = status("--all")
    done = trimaran("host", "setup", "--all")
    mended = status("--all")
    return {
        "tool": tool.status,
        "before": {cpu: [one["state"], one["reason"]] for cpu, one in shown.items()},
        "done": [done.status, done.err],
        "added": sorted(name for name in entries() if name.startswith("trimaran-")),
        "after": {cpu: one["state"] for cpu, one in mended.items()},
    }


def wrong_entries() -> Any:
    """Each wrong in its own way, made by hand; status tells and setup mends."""
    own_machine.move_in()
    mounts.BinfmtMisc(TABLE).execute()
    good = handlers.for_machine(row(FOREIGN), Path("/usr/bin/qemu-s390x-static"), "F")[0]
    results = {}
    for name, line in _wrong_lines(good.line()).items():
        (TABLE / "status").write_text("-1")
        (TABLE / "register").write_text(line)
        entry = entries()[0]
        if name == "disabled":
            (TABLE / entry).write_text("0")
        found = status()[FOREIGN]
        done = trimaran("host", "setup", FOREIGN)
        mended = status()[FOREIGN]
        again = trimaran("host", "setup", FOREIGN)
        results[name] = [found["reason"], done.status, mended["state"], again.out.splitlines()[-1]]
    return results


def _wrong_lines(good: str) -> dict[str, str]:
    foreign = good.replace("trimaran-s390x", "qemu-s390x")
    return {
        "no F": foreign.removesuffix("F"),
        "dynamic": foreign.replace("/usr/bin/qemu-s390x-static", os.path.realpath("/bin/sh")),
        "other CPU's": foreign.replace("qemu-s390x-static", "qemu-arm-static"),
        "disabled": foreign,
        "narrow": foreign.replace("\\xff\\xfe\\xff\\xff:", "\\xff\\xff\\xff\\xff:"),
        "wide": foreign.replace("\\xff\\xfe\\xff\\xff:", "\\xff\\xfe\\x00\\x00:"),
        "own name": good.removesuffix("F"),
        "own name, no such CPU": good.replace("\\x00\\x16:", "\\x77\\x77:"),
    }


def switched_off_and_not_persistent() -> Any:
    own_machine.move_in()
    mounts.BinfmtMisc(TABLE).execute()
    (TABLE / "status").write_text("0")
    before = trimaran("host", "status").out
    dry = trimaran("host", "setup", "--dry-run", "--no-persist", FOREIGN)
    untouched = [(TABLE / "status").read_text().strip(), entries(), files()]
    done = trimaran("host", "setup", "--no-persist", "--credentials", FOREIGN)
    shown = status()[FOREIGN]
    made = files()
    removed = trimaran("host", "remove")
    return {
        "before": before,
        "dry": dry.out.splitlines(),
        "untouched": untouched,
        "done": [done.status, done.out],
        "entry": shown["entries"][0],
        "made": made,
        "removed": [removed.status, (TABLE / "status").read_text().strip(), files()],
    }


def openrc() -> Any:
    """The service that setup writes is run as OpenRC would, with its words for messages."""
    own_machine.move_in("openrc")
    done = trimaran("host", "setup", FOREIGN, "microblaze")
    made = files()
    mounts.unmount(TABLE)
    service = "/etc/init.d/trimaran-binfmt"
    words = 'ebegin() { echo "$1"; }; eend() { return "$1"; }; . "$0"; start'
    checked = run("sh", "-n", service)
    started = run("sh", "-c", words, service)
    back = status("--all")
    again = trimaran("host", "setup", FOREIGN, "microblaze")
    removed = trimaran("host", "remove")
    return {
        "done": [done.status, done.out + done.err],
        "made": made,
        "started": [checked.status, started.status, started.err],
        "back": [back[FOREIGN]["state"], back["microblaze"]["state"]],
        "survives": back[FOREIGN]["entries"][0]["survivesReboot"],
        "again": again.out.splitlines()[-1],
        "removed": [removed.status, files(), os.listdir("/etc/init.d")],
    }


def stand_ins() -> Any:
    """The targets that QEMU dropped, with this machine's own probe in the place of an emulator."""
    own_machine.move_in()
    Path("/run/stand-in").write_bytes(probes.program(machines.host()))
    Path("/run/stand-in").chmod(0o755)
    results: dict[str, Any] = {}
    for name in ("tilegx", "ppc64abi32"):
        without = trimaran("host", "setup", name)
        done = trimaran("host", "setup", name, "--qemu", f"{name}=/run/stand-in")
        shown = status("--all")[name]
        trimaran("host", "remove")
        results[name] = [without.err, done.status, shown["state"], shown["probe"]]
    both = trimaran("host", "setup", "ppc", "ppc64abi32", "--qemu", "ppc64abi32=/run/stand-in")
    results["both"] = [both.status, both.err]
    return results


def broken_emulator() -> Any:
    """One that passes for an emulator and runs nothing: no entry and no file of it stays."""
    own_machine.move_in()
    arm = "/usr/bin/qemu-arm-static"
    done = trimaran("host", "setup", FOREIGN, "m68k", "--qemu", f"{FOREIGN}={arm}")
    return [done.status, done.err, entries(), files()]


def changed_since() -> Any:
    """Another's entry under the name of setup's own, and files without the mark, stay."""
    own_machine.move_in()
    trimaran("host", "setup", FOREIGN, "m68k")
    (TABLE / f"trimaran-{FOREIGN}").write_text("-1")
    other = handlers.for_machine(row(FOREIGN), Path("/usr/bin/qemu-s390x-static"), "CF")[0]
    (TABLE / "register").write_text(other.line())
    Path("/etc/binfmt.d/trimaran-m68k.conf").write_text("# mine now\n")
    done = trimaran("host", "remove")
    return [done.status, done.out, entries(), files()]


def docker_run() -> Any:
    """Debian's dockerd in the machine, and an image of another CPU: before setup and after."""
    own_machine.move_in()
    foreign = row("aarch64") if machines.host().name != "aarch64" else row(FOREIGN)
    platform = f"linux/{foreign.architecture}"
    words = ("run", "--rm", "--network=none", "--pull=never", f"--platform={platform}", "probe")
    with own_machine.dockerd() as docker:
        archive = Path("/run/probe.tar")
        write_docker_archive(archive, foreign)
        loaded = docker("load", "-i", str(archive))
        before = docker(*words)
        done = trimaran("host", "setup", platform)
        after = docker(*words)
        removed = trimaran("host", "remove")
        again = docker(*words)
    return {
        "statuses": [loaded.status, before.status, done.status, after.status, removed.status],
        "errors": [loaded.err, before.err, done.err, after.err, removed.err],
        "after": after.out,
        "again": again.status,
    }


def write_docker_archive(path: Path, machine: Machine) -> None:
    """What `docker save` writes, of an image that is but the CPU's probe."""
    layer = io.BytesIO()
    _write_tar(layer, {"probe": probes.program(machine)})
    diff_id = f"sha256:{hashlib.sha256(layer.getvalue()).hexdigest()}"
    config = {
        "architecture": machine.architecture,
        "os": "linux",
        "config": {"Cmd": ["/probe"]},
        "rootfs": {"type": "layers", "diff_ids": [diff_id]},
    }
    manifest = [{"Config": "config.json", "RepoTags": ["probe:latest"], "Layers": ["layer.tar"]}]
    parts = {"config.json": config, "manifest.json": manifest}
    with path.open("wb") as file:
        texts = {name: json.dumps(value).encode() for name, value in parts.items()}
        _write_tar(file, {**texts, "layer.tar": layer.getvalue()})


def _write_tar(file: BinaryIO, contents: dict[str, bytes]) -> None:
    with tarfile.open(fileobj=file, mode="w") as tar:
        for name, data in contents.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(data), 0o755
            tar.addfile(member, io.BytesIO(data))
