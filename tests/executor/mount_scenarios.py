"""What the real tests of RUN --mount do inside a namespace; see tests/support/inside.py."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.executor.scenarios import BASE, Bench, leftovers, run

from trimaran.graph.steps import BindMount, ContextFiles, Copy, Mount, Part, Step, TmpfsMount


class Mounter(Bench):
    """A bench whose steps mount the file systems of other steps, known by name."""

    def __init__(self, folder: str, program: str, contexts: Mapping[str, str]) -> None:
        super().__init__(folder, program, contexts)
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
    return {"result": result, "kept": kept, "left": leftovers(bench, folder)}
