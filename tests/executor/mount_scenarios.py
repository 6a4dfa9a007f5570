"""What the real tests of RUN --mount do inside a namespace; see tests/support/inside.py."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.executor.scenarios import BASE, LENT, Bench, leftovers, run

from trimaran.executor.surroundings import Surroundings
from trimaran.graph.steps import (
    BindMount,
    CacheMount,
    ContextFiles,
    Copy,
    Mount,
    Part,
    SecretMount,
    Sharing,
    SshMount,
    Step,
    TmpfsMount,
)
from trimaran.request import Secret


class Mounter(Bench):
    """A bench whose steps mount the file systems of other steps, known by name."""

    def __init__(
        self,
        folder: str,
        program: str,
        contexts: Mapping[str, str],
        lent: Surroundings = LENT,
    ) -> None:
        super().__init__(folder, program, contexts, lent)
        self.known: dict[int, tuple[str, ...]] = {}

    def source(self, step: Step, identity: str, *lowers: str) -> Step:
        self.do(step, identity, *lowers)
        self.known[id(step)] = (*lowers, identity)
        return step

    def mount(self, script: str, identity: str, *mounts: Mount, **options: Any) -> Any:
        step = run("/bin/sh", "-c", script, mounts=mounts, **options)
        return self.do(step, identity, BASE, trees=self.known)


def binds(folder: str, program: str) -> Any:
    context = Path(folder, "context")
    (context / "src" / "deep").mkdir(parents=True)
    (context / "src" / "deep" / "file").write_text("from the context\n")
    (context / "one").write_text("one file\n")
    bench = Mounter(folder, program, {"": str(context)})
    src = bench.source(Copy(None, (Part(ContextFiles(""), ("src",)),), "/files"), "src")
    one = bench.source(Copy(None, (Part(ContextFiles(""), ("one",)),), "/files"), "one")
    stage = bench.source(run("/bin/sh", "-c", "echo from a stage >/srv"), "stage", BASE)
    script = """
        cat /a/b/c/deep/file /etc/one /opt/srv; stat -c %u:%g /a/b/c/deep/file
        touch /a/b/c/x; touch /etc/one; touch /opt/x && ls /opt; rm /opt/srv && echo removed
        echo w >/a/beside; echo x >>/etc/group
    """
    result = bench.mount(
        script,
        "step",
        BindMount("/a/b/c", src, "/files"),
        BindMount("/etc/one", one, "/files"),
        BindMount("/opt", stage, "/", writable=True),
    )
    again = bench.mount("ls /opt", "again", BindMount("/opt", stage, "/"))
    nothing = bench.mount("ls -a /x", "nothing", BindMount("/x", None))
    written = bench.mount("echo w >/x/y; cat /x/y", "w", BindMount("/x", None, writable=True))
    return {
        "result": result,
        "again": again,
        "nothing": nothing,
        "written": written,
        "missing": bench.mount("true", "missing", BindMount("/x", stage, "/nowhere")),
        "a file": bench.mount("true", "a file", BindMount("/etc/passwd", stage, "/etc")),
        "a folder": bench.mount("true", "a folder", BindMount("/etc", one, "/files")),
        "under a file": bench.mount("true", "under", BindMount("/etc/passwd/x", stage)),
        "left": leftovers(bench, folder),
    }


def points(folder: str, program: str) -> Any:
    """Mount points that were not there: alone, beside a file, behind links, inside other mounts."""
    bench = Mounter(folder, program, {})
    etc = bench.base / "etc"
    (etc / "link").symlink_to("../made/by/a/link")
    (etc / "back").symlink_to("/tmp")
    script = """
        mount | grep -c ' /etc/link\\| /made/by/a/link'; stat -c %a /made/by/a/link
        df -k /small | tail -1 | awk '{print $2}'; touch /small/x /deep/in/side/x; ls /deep/in
    """
    result = bench.mount(
        script,
        "step",
        TmpfsMount("/etc/link"),
        TmpfsMount("/etc/back"),
        TmpfsMount("/small", 1024 * 1024),
        TmpfsMount("/deep"),
        TmpfsMount("/dev/inner"),
        TmpfsMount("/deep/in/side"),
    )
    kept = bench.mount("touch /new/a/b/x", "kept", TmpfsMount("/new/a/b/c"))
    changed = bench.mount("chmod 700 /new /new/a", "changed", TmpfsMount("/new/a/b"))
    return {
        "result": result,
        "kept": kept,
        "changed": changed,
        "left": leftovers(bench, folder),
    }


def caches(folder: str, program: str) -> Any:
    """Caches survive steps, are apart by key, filled once, and belong to whom the mount says."""
    bench = Mounter(folder, program, {})
    stage = bench.source(
        run("/bin/sh", "-c", "mkdir -m 711 /srv; echo first >/srv/x"), "stage", BASE
    )
    one = CacheMount("/c", "/c linux/amd64")
    mine = CacheMount("/c", "/c linux/amd64", mode=0o700, uid=1000, gid=1200)
    filled = CacheMount("/c", "id filled", step=stage, path="/srv")
    closed = CacheMount("/c", "id filled", step=stage, path="/srv", writable=False)
    found = {
        "new": bench.mount("ls -a /c; stat -c '%a %u:%g' /c; echo 1 >/c/f", "1", one),
        "again": bench.mount("cat /c/f", "2", one),
        "other": bench.mount("ls /c", "3", CacheMount("/c", "/c linux/arm64")),
        "mine": bench.mount("stat -c '%a %u:%g' /c; touch /c/m", "4", mine, user="worker"),
        "filled": bench.mount("cat /c/x; stat -c %a /c; echo second >/c/x", "5", filled),
        "closed": bench.mount("cat /c/x; touch /c/y", "6", closed),
        "missing": bench.mount("true", "7", CacheMount("/c", "id m", step=stage, path="/no")),
        "twice": bench.mount("touch /a/x; ls /b", "8", *twice("locked")),
    }
    listed = [(cache.key, cache.number) for cache in bench.store.caches.listed()]
    held = bench.store.caches.held("/c linux/amd64", 0, alone=False, fill=lambda _: None)
    with held:
        in_use = [bench.store.caches.remove(it.name) for it in bench.store.caches.listed()]
    rest = [(cache.key, cache.size_bytes) for cache in bench.store.caches.listed()]
    again = bench.mount("ls /c", "9", filled)
    return {**found, "listed": listed, "removed": in_use, "rest": rest, "refilled": again}


def twice(sharing: Sharing) -> tuple[Mount, Mount]:
    return CacheMount("/a", "id twice", sharing), CacheMount("/b", "id twice", sharing)


def sharing(folder: str, program: str, kind: Sharing) -> Any:
    """Two steps at once: what each sees of the other's file in the cache."""
    bench = Mounter(folder, program, {})
    script = "touch /c/$NAME; sleep 1; ls /c; rm /c/$NAME"
    seen: dict[str, list[str]] = {}

    def work(name: str) -> None:
        steps = Mounter(folder, "", {})
        mount = CacheMount("/c", "id c", kind)
        step = run("/bin/sh", "-c", f"NAME={name}; {script}", mounts=(mount,))
        seen[name] = steps.do(step, name, BASE)["lines"]

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return {**seen, "caches": len(bench.store.caches.listed())}


def secrets(folder: str, program: str) -> Any:
    """Secrets as files and variables, and what is left of them below the store."""
    lent = replace(LENT, secrets={"one": Secret(b"s3cret-one\n"), "two": Secret(b"s3cret-two")})
    bench = Mounter(folder, program, {}, lent)
    (bench.base / "etc" / "there").write_text("old")
    script = """
        exec 2>&1
        cat /run/secrets/one; stat -c '%a %u:%g' /run/secrets/one /etc/there; cat /etc/there; echo
        echo "$TWO+${COLOUR}+${NONE-unset}"; ls -d /run/secrets/none; touch /run/secrets/one
        mount | grep -c 'secrets/one'; sleep 0.2
    """
    mounts = (
        SecretMount("one", "/run/secrets/one"),
        SecretMount("two", "/etc/there", mode=0o440, uid=1000, gid=1200),
        SecretMount("two", variable="TWO"),
        SecretMount("two", variable="COLOUR"),
        SecretMount("none", "/run/secrets/none"),
        SecretMount("none", variable="NONE"),
    )
    watched: set[str] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            watched.update(below(folder, b"s3cret-"))

    watcher = threading.Thread(target=watch)
    watcher.start()
    result = bench.mount(script, "step", *mounts)
    done.set()
    watcher.join()
    required = bench.mount("true", "r", SecretMount("none", "/x", required=True))
    binary = replace(LENT, secrets={"bin": Secret(b"\0")})
    refused = Mounter(folder, "", {}, binary).mount("true", "b", SecretMount("bin", variable="B"))
    kept = [name for name in below(folder, b"s3cret-") if name not in watched]
    return {
        "result": result,
        "required": required,
        "refused": refused,
        "on the disk": sorted(watched),
        "kept": kept,
        "left": leftovers(bench, folder),
    }


def below(folder: str, text: bytes) -> list[str]:
    """The files below a folder, on its own file system, that hold a text or its environment's."""
    found = []
    device = Path(folder).stat().st_dev
    for place, folders, files in os.walk(folder):
        folders[:] = [it for it in folders if Path(place, it).lstat().st_dev == device]
        for name in files:
            with suppress(OSError):
                if text in Path(place, name).read_bytes():
                    found.append(str(Path(place, name)))
    return found


def networks(folder: str, program: str) -> Any:
    bench = Mounter(folder, program, {})
    script = (
        "ls /sys/class/net | tr '\\n' ' '; ip addr show lo | grep -c 'UP'; grep -c : /proc/net/dev"
    )
    return {
        "none": bench.mount(
            "grep -c : /proc/net/dev; ping -c1 127.0.0.1 >/dev/null; echo $?", "n", network="none"
        ),
        "default": bench.mount(script, "d"),
        "sandbox": bench.mount("grep CapEff /proc/self/status; unshare -m true; echo $?", "s"),
        "insecure": bench.mount(
            "grep -e CapEff -e Seccomp: /proc/self/status; mount -t tmpfs x /tmp; echo $?",
            "i",
            security="insecure",
        ),
    }


def agents(folder: str, program: str, key: str, locked: str) -> Any:
    """A step reaches an agent of its own that holds a file's key."""
    paths = {"default": (Path(key),), "locked": (Path(locked),), "gone": (Path("/nowhere"),)}
    lent = replace(LENT, agents=paths)
    bench = Mounter(folder, program, {}, lent)
    script = "echo $SSH_AUTH_SOCK; stat -c '%F %a %u:%g' $SSH_AUTH_SOCK"
    socket = SshMount("default", "/run/buildkit/ssh_agent.0", mode=0o660, uid=1000, gid=1200)
    return {
        "step": bench.mount(script, "1", socket, user="worker"),
        "absent": bench.mount("echo $SSH_AUTH_SOCK; ls /s", "2", SshMount("other", "/s")),
        "required": bench.mount("true", "3", SshMount("other", "/s", required=True)),
        "gone": bench.mount("true", "4", SshMount("gone", "/s")),
        "locked": bench.mount("true", "5", SshMount("locked", "/s")),
        "left": leftovers(bench, folder),
    }
