"""What the real tests of this room do inside a namespace; see tests/support/inside.py."""

from __future__ import annotations

import os
import stat
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from tests.support.busybox import busybox_root

from trimaran import events, platforms
from trimaran.emulation.prepare import prepare
from trimaran.errors import StepError, TrimaranError
from trimaran.events import StepOutput
from trimaran.executor.bundle import BindMount
from trimaran.executor.containers import program_of, run_container
from trimaran.executor.executor import Executor
from trimaran.executor.runtime import Runtime
from trimaran.executor.sources import SourceRoot
from trimaran.executor.surroundings import Surroundings
from trimaran.graph.steps import (
    ContextFiles,
    Copy,
    Extract,
    FileSource,
    MakeFolder,
    Mount,
    Part,
    Run,
    Step,
    StepFiles,
)
from trimaran.layers.diff import write_layer
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, RunConfig
from trimaran.scheduler.tasks import Stopped
from trimaran.store.store import Store

BASE = "base"
LENT = Surroundings(b"nameserver 192.0.2.1\n", {"http_proxy": "http://proxy.test:3128"})
_SEARCH_PATH = os.defpath
_SLEEPERS = "for i in 1 2 3; do setsid sleep {0} & done; sleep {0}"


class Bench:
    """A store with a busybox base, and an executor."""

    def __init__(
        self,
        folder: str,
        program: str,
        contexts: Mapping[str, str] | None = None,
        lent: Surroundings = LENT,
    ) -> None:
        self.store = Store.open(Path(folder, "store"))
        self.lines: list[str] = []
        self.stop = threading.Event()
        self._program = Path(program)
        self.base = self.snapshot(BASE) if program else Path()
        roots = {n: SourceRoot(Path(p), "the build context") for n, p in (contexts or {}).items()}

        def find(source: FileSource) -> SourceRoot:
            assert isinstance(source, ContextFiles)
            return roots[source.context]

        self.executor = Executor(
            self.store,
            runtime=Runtime.find(_SEARCH_PATH),
            lent=lent,
            find_files=find,
            check_copied=lambda _: None,
            emit=self._emit,
            stop=self.stop,
        )

    def snapshot(self, identity: str) -> Path:
        with self.store.new_snapshot(identity) as pending:
            busybox_root(pending.fs, self._program)
            return pending.commit()

    def do(
        self,
        step: Step,
        identity: str,
        *lowers: str,
        source: tuple[str, ...] = (),
        trees: Mapping[int, tuple[str, ...]] | None = None,
    ) -> Any:
        """The new layer's listing, or what the error says."""
        self.lines.clear()

        def tree(other: Step) -> tuple[str, ...]:
            return (trees or {}).get(id(other), source)

        try:
            fs = self.executor.execute(step, identity, lowers, label="[label] step", tree=tree)
        except StepError as error:
            return {
                "message": error.message,
                "status": error.exit_status_of_step,
                "output": error.output,
                "hint": error.hint,
            }
        except TrimaranError as error:
            return {"message": error.message, "hint": error.hint}
        return {"layer": listing(fs), "lines": list(self.lines)}

    def sh(self, script: str, identity: str = "step", *, user: str = "", platform: str = "") -> Any:
        return self.do(run("/bin/sh", "-c", script, user=user, platform=platform), identity, BASE)

    def _emit(self, event: events.Event) -> None:
        if isinstance(event, StepOutput):
            self.lines.append(event.line)


def no_files(source: FileSource) -> NoReturn:
    raise AssertionError(source)


def run(
    *arguments: str,
    user: str = "",
    platform: str = "",
    directory: str = "/",
    mounts: tuple[Mount, ...] = (),
    **options: Any,
) -> Run:
    wanted = platforms.parse(platform) if platform else platforms.host()
    environment = ("PATH=/bin", "COLOUR=blue")
    return Run(None, arguments, environment, directory, user, wanted, mounts, **options)


def listing(fs: Path) -> list[str]:
    """Every path with its kind, mode and owner; whiteouts as `w`."""
    found = []
    for folder, folders, files in os.walk(fs):
        for name in sorted(folders + files):
            path = Path(folder, name)
            status = path.lstat()
            kind = stat.filemode(status.st_mode)[0]
            if kind == "c" and status.st_rdev == 0:
                kind = "w"
            mode = stat.S_IMODE(status.st_mode)
            owner = f"{status.st_uid}:{status.st_gid}"
            found.append(f"{kind} {mode:o} {owner} /{path.relative_to(fs)}")
    return sorted(found)


def mounts_below(folder: str) -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [line.split()[4] for line in lines if line.split()[4].startswith(folder)]


def leftovers(bench: Bench, folder: str) -> list[str]:
    """What a step must not leave: mounts, unfinished snapshots, cgroups."""
    cgroups = [str(path) for path in Path("/sys/fs/cgroup").glob("*/step")]
    pending = [str(path) for path in Path(folder, "store", "tmp").glob("*/*")]
    return mounts_below(folder) + pending + cgroups


# Scenarios


def ordinary_run(folder: str, program: str) -> Any:
    bench = Bench(folder, program)
    script = """
        pwd; echo $COLOUR $HOME; cat /etc/resolv.conf /etc/hosts; hostname; echo $http_proxy
        id; head -c 3 /dev/urandom | wc -c; echo x >/dev/null; ls /sys >/dev/null && echo sys
        wc -c; echo to stderr >&2; cat /proc/self/cgroup | grep -c step
        echo new >/etc/new; mkdir /srv; rm /bin/yes; echo hi >>/etc/group; exit 0
    """
    result = bench.do(run("/bin/sh", "-c", script, directory="/tmp"), "step", BASE)
    return {**result, "left": leftovers(bench, folder)}


def trace_of_mounts(folder: str, program: str) -> Any:
    """RUN where /etc/resolv.conf is missing, a file, and a link that leads nowhere."""
    bench = Bench(folder, program)
    results = {}
    etc = bench.base / "etc"
    etc.chmod(0o751)
    resolv = etc / "resolv.conf"
    results["missing"] = bench.sh("cat /etc/resolv.conf", "missing")
    resolv.write_text("nameserver 198.51.100.1\n")
    os.utime(etc, (1_000_000_000, 1_000_000_000))
    results["file"] = bench.sh("cat /etc/resolv.conf; stat -c '%a %Y' /etc", "file")
    resolv.unlink()
    resolv.symlink_to("../run/systemd/resolve/stub-resolv.conf")
    results["link"] = bench.sh("cat /etc/resolv.conf; touch /etc/x", "link")
    again = bench.do(run("/bin/ls", "-a", "/etc"), "again", BASE, "link")
    return {**results, "again": again["lines"], "again layer": again["layer"]}


def scratch_run(folder: str, program: str) -> Any:
    """RUN on a root that holds one program only."""
    bench = Bench(folder, program)
    with bench.store.new_snapshot("bare") as pending:
        (pending.fs / "busybox").write_bytes(Path(program).read_bytes())
        (pending.fs / "busybox").chmod(0o755)
        pending.commit()
    return bench.do(run("/busybox", "true"), "step", "bare")


def users(folder: str, program: str) -> Any:
    bench = Bench(folder, program)
    found = {
        user: bench.sh("id; echo $HOME", f"user {user}", user=user)
        for user in ("", "worker", "worker:nogroup", "1000", "4321", "4321:1200", "nobody", "ghost")
    }
    highest = int(Path("/proc/self/uid_map").read_text().split()[-1])
    found["unmapped"] = bench.sh("id", "unmapped", user=str(min(2**32 - 2, highest * 4 + 70_000)))
    return found


def setuid(folder: str, program: str, platform: str) -> Any:
    """A program that belongs to root and is setuid, started by nobody."""
    bench = Bench(folder, program)
    prepare([platforms.parse(platform)], _SEARCH_PATH)
    script = "cp /bin/busybox /bin/id0; chown 0:0 /bin/id0; chmod 4755 /bin/id0; ln -s id0 /bin/su"
    made = bench.sh(script, "made", platform=platform)
    # busybox drops its rights unless an applet needs them, as su does.
    passwd = bench.base / "etc" / "passwd"
    passwd.write_text(passwd.read_text().replace("root:x:", "root::"))
    step = run("/bin/su", "-c", "id -u", "root", user="nobody", platform=platform)
    used = bench.do(step, "used", BASE, "made")
    plain = bench.do(run("/bin/id", "-u", user="nobody", platform=platform), "plain", BASE)
    return {"made": made["layer"], "used": used, "plain": plain["lines"]}


def statuses(folder: str, program: str) -> Any:
    bench = Bench(folder, program)
    return {
        "exit": bench.sh("seq 50; exit 42", "exit"),
        "killed": bench.do(run("/bin/sh", "-c", "sh -c 'kill -9 $$'; exit $?"), "killed", BASE),
        "missing": bench.do(run("nonsense"), "missing", BASE),
        "closed": bench.sh("exec >/dev/null 2>&1; sleep 0.3; exit 7", "closed"),
        "left": leftovers(bench, folder),
    }


def foreign(folder: str, program: str) -> Any:
    """A program of another CPU for which nothing is registered."""
    bench = Bench(folder, program)
    return bench.do(run("/bin/sh", "-c", "true"), "foreign", BASE)


def emulated(folder: str, program: str, platform: str) -> Any:
    bench = Bench(folder, program)
    support = prepare([platforms.parse(platform)], _SEARCH_PATH)
    result = bench.sh("uname -m; id -u; for i in 1 2 3; do echo $i; done", platform=platform)
    pipes = " | ".join(["seq 20", *["cat"] * 100, "wc -l"])
    piped = bench.sh(pipes, "piped", platform=platform)
    return {"support": [type(one).__name__ for one in support.values()], **result, "piped": piped}


def forbidden(folder: str, program: str) -> Any:
    bench = Bench(folder, program)
    script = """
        mount -t tmpfs t /tmp; unshare -U true; unshare -m true; umount /proc
        echo 1 >/proc/sys/kernel/panic; echo 1 >/sys/kernel/uevent_seqnum; date -s 2001-01-01
        cat /proc/kcore | wc -c; ls /sys/firmware | wc -l; touch /etc/resolv.conf
        dd if=/dev/mem count=1 | wc -c; true
    """
    return bench.sh(script)


def cancelled(folder: str, program: str, seconds: str) -> Any:
    """`stop` ends a step with all its processes."""
    bench = Bench(folder, program)
    threading.Timer(0.7, bench.stop.set).start()
    started = time.monotonic()
    try:
        bench.sh(_SLEEPERS.format(seconds))
    except Stopped:
        took = time.monotonic() - started
        left = leftovers(bench, folder)
        return {"seconds": took, "left": left, "alive": processes(seconds)}
    return "not stopped"


def endless(folder: str, program: str, seconds: str) -> Any:
    """A step that the test kills together with its build."""
    return Bench(folder, program).sh(_SLEEPERS.format(seconds))


def processes(seconds: str) -> list[str]:
    """The process ids of all that sleep for so long."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
        except OSError:
            continue
        if words[:2] == [b"sleep", seconds.encode()]:
            found.append(path.parent.name)
    return found


def folders(folder: str, program: str) -> Any:
    bench = Bench(folder, program)
    made = bench.do(MakeFolder(run("true"), "/a/b/c", "worker"), "made", BASE)
    (bench.base / "link").symlink_to("tmp")
    linked = bench.do(MakeFolder(run("true"), "/link/d", ""), "linked", BASE)
    there = bench.do(MakeFolder(run("true"), "/tmp", ""), "there", BASE)
    blocked = bench.do(MakeFolder(run("true"), "/bin/busybox/x", ""), "blocked", BASE)
    empty = bench.do(MakeFolder(None, "/only", ""), "empty")
    return {"made": made, "linked": linked, "there": there, "blocked": blocked, "empty": empty}


def copies(folder: str, program: str) -> Any:
    """COPY from a context and from another step."""
    context = Path(folder, "context")
    context.mkdir()
    (context / "file").write_text("hello")
    bench = Bench(folder, program, {"": str(context)})
    first = bench.do(Copy(None, (Part(ContextFiles(""), ("file",)),), "/into/"), "first", BASE)
    source = StepFiles(run("true"))
    copy = Copy(None, (Part(source, ("/bin/busybox", "/into/file")),), "/x/")
    second = bench.do(copy, "second", source=(BASE, "first"))
    return {"first": first, "second": second, "left": leftovers(bench, folder)}


def extracts(folder: str, program: str) -> Any:
    """A base's layers, the second of which removes a file of the first."""
    bench = Bench(folder, "")
    upper = Path(folder, "upper")
    busybox_root(upper, Path(program))
    first = extract(bench, upper, None)
    results: dict[str, Any] = {"first": len(bench.do(first, "first")["layer"])}
    bench.do(run("/bin/rm", "/etc/passwd"), "removal", "first")
    removal = bench.store.snapshot("removal")
    second = extract(bench, removal or Path(), first)
    results["second"] = bench.do(second, "second", "first")["layer"]
    results["passwd"] = bench.do(run("/bin/cat", "/etc/passwd"), "run", "first", "second")
    wrong = Extract(first, second.layer, "sha256:" + "0" * 64, "busybox")
    results["wrong"] = bench.do(wrong, "wrong", "first")
    results["left"] = leftovers(bench, folder)
    return results


def extract(bench: Bench, upper: Path, parent: Step | None) -> Extract:
    with bench.store.blob_writer() as blob:
        written = write_layer(upper, blob, compression="gzip")
        digest = blob.commit()
    layer = Descriptor(media_types.LAYER_GZIP, digest, written.size_bytes)
    return Extract(parent, layer, written.diff_id, "busybox")


def root_attributes(folder: str, program: str) -> Any:
    """The root folder's own mode and owner survive steps that do not touch them."""
    bench = Bench(folder, program)
    bench.base.chmod(0o711)
    os.chown(bench.base, 7, 8)
    bench.sh("true", "one")
    return bench.do(run("/bin/stat", "-c", "%a %u:%g", "/"), "two", BASE, "one")["lines"]


def missing_parent(folder: str, program: str) -> Any:
    return Bench(folder, program).do(run("true"), "step", "no such step")


def container(folder: str, program: str, script: str, terminal: str = "") -> Any:
    """The container shares this process's output."""
    bench = Bench(folder, program)
    shared = Path(folder, "shared")
    shared.mkdir()
    (shared / "file").write_text("shared\n")
    mounts = (BindMount(shared, "/mnt/shared", ()), BindMount(shared, "/mnt/locked"))
    config = RunConfig(env=("PATH=/bin",), cmd=("/bin/sh", "-c", script), working_dir="/tmp")
    status = run_container(
        bench.store,
        (BASE,),
        program_of(config, mounts=mounts, environment={"EXTRA": "1"}, terminal=bool(terminal)),
        runtime=Runtime.find(_SEARCH_PATH),
        lent=LENT,
    )
    return {"status": status, "left": leftovers(bench, folder), "base": listing(bench.base)}
