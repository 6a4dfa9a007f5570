"""What the tests of the table do inside a namespace: one script, emulated and with stand-ins."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Any

from trimaran import machines
from trimaran.accelerator import interpreter
from trimaran.accelerator.answers import Answer, Emulate, Native, encode
from trimaran.accelerator.calls import Call, judged
from trimaran.accelerator.judge import Judge, Question, Script
from trimaran.accelerator.kits import Kit
from trimaran.accelerator.targets import triplet_of
from trimaran.emulation import find, handlers
from trimaran.executor.callers import call_of, peer
from trimaran.linux import mounts

_COUNTERS = 8192
_HOSTS = ("null", "zero", "urandom")


def triplet(cpu: str) -> str:
    """The target's, as the names of Debian's cross packages have it."""
    machine = machines.by_name(cpu)
    assert machine
    return triplet_of(machine).replace("_", "-")


def compared(  # noqa: PLR0917  strings from a command line
    folder: str, root: str, kit: str, cpu: str, samples: str, stand_ins: str
) -> Any:
    """Run samples in a root and give back what each printed and wrote, and who was asked.

    Args:
        folder: for this run's own files.
        root: the foreign root, which stays as it is.
        kit: the native root that is base and compiler kit.
        cpu: as in `machines`.
        samples: a JSON object of names and scripts.
        stand_ins: "yes", or "no" for QEMU alone.
    """
    place = Path(tempfile.mkdtemp(dir=folder))
    merged, control = place / "merged", place / "control"
    for part in ("merged", "upper", "work", "control/answers", "control/own"):
        (place / part).mkdir(parents=True)
    for name in ("base", "compiler"):
        (control / "kit" / name).mkdir(parents=True)
    (control / "counts").write_bytes(bytes(8 * _COUNTERS))
    mounts.Overlay((Path(root),), place / "upper", place / "work", merged).execute()
    answers: dict[str, Answer] = {}
    _register(place, control, cpu, native=stand_ins == "yes")
    _furnish(merged, control, Path(kit))
    if stand_ins == "yes":
        _serve(control, merged, _judge(cpu, Path(kit), control / "own"), answers)
    found = {name: _run(merged, text) for name, text in json.loads(samples).items()}
    native = [path for path, one in answers.items() if isinstance(one, Native)]
    reasons = {path: one.reason for path, one in answers.items() if isinstance(one, Emulate)}
    return {"found": found, "native": native, "emulated": reasons}


def _judge(cpu: str, kit: Path, own: Path) -> Judge:
    target = machines.by_name(cpu)
    assert target
    return Judge(target, machines.host(), lambda name: Kit(name, kit), own)


def _register(place: Path, control: Path, cpu: str, *, native: bool) -> None:
    table = Path("/proc/sys/fs/binfmt_misc")
    mounts.BinfmtMisc(table).execute()
    machine = machines.by_name(cpu)
    assert machine
    program = find.emulators(machine, machines.host(), os.defpath)[0].path
    if native:
        status = control.stat()
        numbers = {"folder_dev": status.st_dev, "folder_ino": status.st_ino}
        interpreter.write(place / "interpreter", **numbers, emulator=program)
        program = place / "interpreter"
    for one in handlers.for_machine(machine, program, "POCF"):
        handlers.register(table, one)


def _furnish(merged: Path, control: Path, kit: Path) -> None:
    (merged / "dev").mkdir(exist_ok=True)
    mounts.Tmpfs(merged / "dev").execute()
    for name in _HOSTS:
        (merged / "dev" / name).touch()
        mounts.Bind(Path("/dev", name), merged / "dev" / name).execute()
    (merged / "dev/.trimaran").mkdir()
    for name in ("base", "compiler"):
        mounts.Bind(kit, control / "kit" / name, read_only=True).execute()
    mounts.Bind(control, merged / "dev/.trimaran").execute()
    for name in ("base", "compiler"):
        target = merged / "dev/.trimaran/kit" / name
        mounts.Bind(kit, target, read_only=True).execute()
    (merged / "proc").mkdir(exist_ok=True)
    mounts.Bind(Path("/proc"), merged / "proc").execute()
    (merged / "tmp").mkdir(exist_ok=True)


def _run(merged: Path, text: str) -> list[Any]:
    """Status, output, and the files that a script leaves in a folder of its own."""
    work = merged / "w"
    subprocess.run(["rm", "-rf", work], check=True)
    work.mkdir()
    done = subprocess.run(
        ["/usr/sbin/chroot", merged, "/bin/sh", "-c", f"cd /w\n{text}"],
        check=False,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=1200,
        env={"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    return [done.returncode, done.stdout.decode(errors="replace"), _files(work)]


def _files(work: Path) -> dict[str, list[Any]]:
    return {
        str(path.relative_to(work)): [oct(path.lstat().st_mode), _content(path)]
        for path in sorted(work.rglob("*"))
    }


def _content(path: Path) -> str:
    if path.is_symlink():
        return os.readlink(path)
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def _serve(control: Path, merged: Path, judge: Judge, answers: dict[str, Answer]) -> None:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    folder = os.open(control, os.O_PATH)
    listener.bind(f"/proc/self/fd/{folder}/socket")
    listener.listen(64)

    def serve() -> None:
        while True:
            connection = listener.accept()[0]
            with connection:
                text, descriptors, _, _ = socket.recv_fds(connection, 1 << 14, 2)
                argv0 = text.split(b"\0")[1].decode(errors="replace")
                paths = [
                    os.readlink(f"/proc/self/fd/{one}").removeprefix(str(merged))
                    for one in descriptors
                ]
                script = Script(paths[1], descriptors[1]) if len(paths) > 1 else None
                answer = judge.answer(Question(paths[0], descriptors[0], argv0, merged, script))
                answer = _of_call(answer, peer(connection), merged)
                key = "~".join(paths)
                if isinstance(answer, Native) or key not in answers:
                    answers[key] = answer
                connection.send(encode(answer, 4))
                for one in descriptors:
                    os.close(one)

    threading.Thread(target=serve, daemon=True).start()


def _of_call(answer: Answer, pid: int, merged: Path) -> Answer:
    if not isinstance(answer, Native):
        return answer
    found = call_of(pid)
    folder = found.folder.removeprefix(str(merged))
    return judged(answer, Call(merged, folder, found.argv, found.environment))
