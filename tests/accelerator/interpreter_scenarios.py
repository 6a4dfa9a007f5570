"""What the real tests of the interpreter do inside a namespace; see tests/support/inside.py."""

from __future__ import annotations

import os
import shutil
import socket
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.accelerator import foreign
from tests.accelerator.room import STAND_IN, Room, encode, key, run, shell

WORKER = 1000
SHOW = ("ash", "a-c", 'afor a; do echo "[$a]"; done')
"""Of a stand-in that shows its arguments."""


def emulated(*room: str) -> dict[str, Any]:
    """Programs that nothing is known of."""
    one = Room(*room)
    one.open()
    return {"found": _every_way(), "counted": one.counted()}


def plain(*room: str) -> dict[str, Any]:
    """The same programs with QEMU as the handler."""
    one = Room(*room)
    one.open()
    one.switch(on=False)
    return {"found": _every_way(), "counted": one.counted()}


def another(*room: str) -> dict[str, Any]:
    """The same programs with an answer, where the control folder is not the build's."""
    one = Room(*room)
    one.open(folder_dev=12345)
    one.decide("/bin/busybox", "c8", *STAND_IN)
    return {"found": _every_way(), "counted": one.counted()}


def _every_way() -> dict[str, Any]:
    os.makedirs("/w/sub")
    texts = {"s": "#!/bin/busybox sh\necho $0 $# $1\nexit 5\n", "s2": "#!/w/s a\n"}
    for name, text in texts.items():
        Path("/w", name).write_text(text)
        Path("/w", name).chmod(0o755)
    os.symlink("/bin/busybox", "/w/-cat")
    return {
        "argv0": run(["-sh", "-c", "echo $0"], "/bin/busybox"),
        "strange argv0": run(["a\udcff b\n", "x"], "/bin/busybox"),
        "environment": run(["env"], "/bin/env", env={"B": "1", "A": "", "C": "x=y\udcff"}),
        "no environment": run(["env"], "/bin/env", env={}),
        "status": shell("exit 7"),
        "signal": shell("kill -9 $$"),
        "ignored signal": shell("trap '' TERM; /bin/sh -c 'kill -TERM $$; echo lives'"),
        "shebang": run(["/w/s", "x y"]),
        "shebang of a shebang": run(["/w/s2", "q"]),
        "relative": run(["./busybox", "pwd"], cwd="/bin"),
        "up": run(["../../bin/pwd"], cwd="/w/sub"),
        "dash": run(["-cat", "/w/s2"], "-cat", cwd="/w"),
        "exe": shell("readlink /proc/self/exe"),
        "name": shell("cat /proc/self/comm"),
        "machine": shell("uname -m"),
        "descriptors": shell("ls /proc/self/fd | wc -l; ls /proc/$$/fd | wc -l"),
        **_odd_files(),
        **_rights(),
        **_another_root(),
    }


def _odd_files() -> dict[str, Any]:
    shutil.copy("/bin/busybox", "/w/gone")
    kept = os.open("/w/gone", os.O_RDONLY)
    os.set_inheritable(kept, True)
    os.unlink("/w/gone")
    memory = os.memfd_create("program", 0)
    os.write(memory, Path("/bin/busybox").read_bytes())
    closing = os.open("/bin/busybox", os.O_RDONLY | os.O_CLOEXEC)
    return {
        "deleted": run(["echo", "gone"], f"/proc/self/fd/{kept}", close_fds=False),
        "without a path": run(["echo", "gone"], kept, close_fds=False),
        "memory": run(["echo", "memory"], memory, close_fds=False),
        "closed on exec": _refused(lambda: run(["echo"], closing, close_fds=False)),
        "no program": _refused(lambda: run(["/etc/passwd"])),
    }


def _refused(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Exception as error:  # noqa: BLE001  # subprocess tells of preexec_fn by no other
        return type(error).__name__


def _rights() -> dict[str, Any]:
    shutil.copy("/bin/busybox", "/w/closed")
    Path("/w/closed").chmod(0o711)
    worker: dict[str, Any] = {"user": WORKER, "group": WORKER, "extra_groups": []}
    return {
        "unreadable": run(["echo", "unreadable"], "/w/closed", **worker),
        "user": run([foreign.write("/w/user", "user", 0o755)], **worker),
        "setuid": run([foreign.write("/w/setuid", "user", 0o4755)], **worker),
        "not capable": run([foreign.write("/w/become", "become", 0o755)], **worker),
        "capable": run([foreign.write("/w/able", "become", 0o755, capable=True)], **worker),
    }


def _another_root() -> dict[str, Any]:
    os.mkdir("/w/jail")
    shutil.copy("/bin/busybox", "/w/jail/busybox")
    return {
        "chroot": run(["chroot", "/w/jail", "/busybox", "uname", "-m"], "/bin/busybox"),
        "chroot up": run(["chroot", "/w/jail", "/busybox", "ls", "/.."], "/bin/busybox"),
    }


def native(*room: str) -> dict[str, Any]:
    """The shell as a stand-in that was decided beforehand."""
    one = Room(*room)
    one.open()
    one.decide("/bin/busybox", "c8", *STAND_IN)
    return {
        "machine": shell("uname -m"),
        "argv0": run(["-sh", "-c", "echo $0"], "/bin/busybox"),
        "status": shell("exit 7"),
        "signal": shell("kill -9 $$"),
        "descriptors": shell("ls /proc/self/fd | wc -l"),
        "at once": shell("for one in $(seq 40); do /bin/true & done; wait"),
        "counted": one.counted(),
    }


def with_rights(*room: str) -> dict[str, Any]:
    """Programs that gain rights, though their answers say native; and an unreadable one."""
    one = Room(*room)
    one.open()
    worker: dict[str, Any] = {"user": WORKER, "group": WORKER, "extra_groups": []}
    setuid = foreign.write("/setuid", "user", 0o4755)
    able = foreign.write("/able", "become", 0o755, capable=True)
    shutil.copy("/bin/busybox", "/closed")
    Path("/closed").chmod(0o711)
    for program in (setuid, able, "/closed"):
        one.decide(program, "c8", "xkit/base/bin/busybox", "auname", "a-m")
    return {
        "setuid": run([setuid], **worker),
        "able": run([able], **worker),
        "before": one.counted(),
        "closed": run(["x"], "/closed", **worker),
        "counted": one.counted(),
    }


def table(*arguments: str) -> list[list[Any]]:
    """For each case of `cases`: what is printed, and which counters were raised.

    A case: fields, words, entries of the environment.
    """
    *room, cases = arguments
    one = Room(*room)
    one.open()
    found = []
    for fields, words, environment in eval(cases):  # noqa: S307  # the test's own literals
        before = one.counted()
        one.decide("/bin/busybox", "c8", *fields)
        done = run(words, "/bin/busybox", env=dict(environment))
        after = one.counted()
        raised = [slot for slot in after if after[slot] != before.get(slot, 0)]
        found.append([done, raised])
    return found


def scripts(*room: str) -> dict[str, Any]:
    """A program for whose scripts there are answers of their own."""
    one = Room(*room)
    one.open()
    for name in ("/a", "/b", "/c"):
        Path(name).write_text("echo emulated $0 $*\n")
    os.mkfifo("/pipe")
    pipe = os.open("/pipe", os.O_RDWR)
    os.write(pipe, b"echo piped; exit 3\n")
    one.decide("/bin/busybox", "c8", "s-e,-o*", "Mmod\x01/a", "Mgone\x01/none")
    one.decide("/bin/busybox", "c10", *STAND_IN[:1], *SHOW, "0", "*", script="/a")
    one.decide("/bin/busybox", "E12", script="/b")
    one.decide("/bin/busybox", "c14", "s-e", script="/c")
    words = (["/a", "x"], ["-e", "-ofoo", "a"], ["-x", "/a"], ["/b"], ["/c"], ["/none"], ["/pipe"])
    modules = (["-e", "-m", "mod", "y"], ["-m", "mo"], ["-m", "model"], ["-m", "gone"], ["-m"])
    found: dict[str, Any] = {}
    for arguments in (*words, *modules):
        before = one.counted()
        done = run(["sh", *arguments], "/bin/busybox", cwd="/")
        after = one.counted()
        raised = [slot for slot in after if after[slot] != before.get(slot, 0)]
        found[" ".join(arguments)] = [done, raised]
    return found


def asking(*room: str) -> dict[str, Any]:
    """A build that answers: what it is asked, and what becomes of each answer."""
    one = Room(*room)
    (one.control / "link").symlink_to("/bin/busybox")
    (one.control / "up").symlink_to("../root/bin/busybox")
    (one.control / "kit/base/text").write_text("#!/bin/busybox sh\necho no\n")
    (one.control / "kit/base/text").chmod(0o755)
    one.open()
    Path("/script").write_text("echo emulated\n")
    answers: dict[str, bytes | None] = {
        "native": encode("c0", *STAND_IN),
        "emulate": encode("E2"),
        "crash": None,
        **{f"garbage {at}": garbage for at, garbage in enumerate(_garbage())},
        **{f"outside {path}": encode("c4", f"x{path}", *STAND_IN[1:]) for path in outside()},
    }
    found = {}
    without, count = shell("uname -m"), "ls /proc/self/fd | wc -l"
    descriptors = [shell(count)[1]]
    current = [b""]
    listener = one.serve(lambda _: current[0] if current[0] != b"-" else None)
    for name, answer in answers.items():
        current[0] = b"-" if answer is None else answer
        found[name] = shell("uname -m")
    current[0] = answers["emulate"] or b""
    descriptors.append(shell(count)[1])
    current[0] = answers["native"] or b""
    descriptors.append(shell(count)[1])
    current[0] = encode("c6", "s")
    script = run(["sh", "/script"], "/bin/busybox")
    current[0] = answers["native"] or b""
    worker = shell("uname -m", user=WORKER, group=WORKER, extra_groups=[])
    long_name = run(["u" * 5000, "x"], "/bin/busybox")
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    program, text = key("/bin/busybox"), key("/script")
    return {
        "without": without,
        "found": found,
        "script": script,
        "worker": worker,
        "descriptors": descriptors,
        "long name": long_name[0],
        "dead": shell("uname -m"),
        "questions": [*one.questions[:1], *one.questions[-3:-1]],
        "keys": [program, text],
        "counted": one.counted(),
    }


def _garbage() -> list[bytes]:
    whole = encode("c4", *STAND_IN)
    return [
        *(b"\0", b"E", b"E\0", b"E8192\0", b"E1\0E1\0", b"E-1\0", b"E99999999999999999999\0"),
        *(b"c4\0", b"c4\0y\0" + whole, b"c8191\0" + whole[3:], b"\xff" * 4096, whole[:-1]),
        *(whole + bytes(1), whole + encode("a" * 4097), whole + encode("rno separator")),
        *(whole + encode("ename"), whole + encode("e=x"), encode("c4", "x/bin/busybox", "0", "*")),
        *(encode("c4", "x", "0"), encode("c4", "s", *STAND_IN), encode("c4", *STAND_IN, "L0")),
    ]


def outside() -> list[str]:
    """Paths that an answer may not have started: none is a program of the control folder."""
    return [
        *("../../bin/busybox", "link", "up", "kit/../../control/kit/base/bin/busybox", "none"),
        *("kit", "kit/base/text", "socket", "counts", "kit/base/bin/busybox/"),
    ]


def limits(*room: str) -> dict[str, Any]:
    """The longest argument list that an exec of a foreign program can have, with a stand-in."""
    one = Room(*room)
    one.open()
    one.decide("/bin/busybox", "c8", *STAND_IN)
    whole = [*("x" * 100_000 for _ in range(20))]

    def long(size: int) -> list[str]:
        return [
            "echo",
            *whole,
            *("y" * 20_000 for _ in range(size // 20_000)),
            "z" * (size % 20_000),
        ]

    least, most = 0, 2 << 20
    while most - least > 1:
        middle = (least + most) // 2
        fits = isinstance(_refused(lambda: run(long(middle), "/bin/busybox")), list)  # noqa: B023
        least, most = (middle, most) if fits else (least, middle)
    done = run(long(least), "/bin/busybox")
    native_and_not = one.counted()
    one.decide("/bin/busybox", "c10", "eBIG=" + "b" * 3000, *STAND_IN)
    bigger = run(long(least), "/bin/busybox")
    many = run(["echo", *("n" for _ in range(100_000))], "/bin/busybox")
    entries = {f"N{number}": "v" * 50 for number in range(10_000)}
    environment = run(["env"], "/bin/env", env=entries)
    return {
        "long": [done[0], done[1] == " ".join(long(least)[1:]) + "\n"],
        "native": native_and_not,
        "bigger": [bigger[0], bigger[1] == done[1]],
        "many": [many[0], len(many[1])],
        "environment": [environment[0], environment[1].count("\n")],
        "counted": one.counted(),
    }


def of_a_cpu(*arguments: str) -> list[Any]:
    """Another CPU's program, emulated and native: what it prints and its status."""
    one = Room(*arguments)
    one.open()
    found = [run(["sh", "-c", "uname -m; exit $#", "0", "1", "2"], "/bin/busybox")]
    one.decide("/bin/busybox", "c8", *STAND_IN)
    return [*found, run(["sh", "-c", "uname -m; exit $#", "0", "1", "2"], "/bin/busybox")]


def damaged(*room: str) -> dict[str, Any]:
    """Counters that are cut short, gone or full, and answers that cannot be read."""
    one = Room(*room)
    one.open()
    one.decide("/bin/busybox", "c8191", *STAND_IN)
    last = shell("uname -m")
    one.decide("/bin/busybox", "c8190", *STAND_IN)
    edge = [shell("uname -m"), one.counted()]
    with open("/dev/.trimaran/counts", "r+b") as file:
        file.write(struct.pack("=q", -1) * 8192)
        file.truncate(8)
    cut = shell("uname -m")
    fields = ("c4", *STAND_IN)
    padding = "u" + "n" * (4096 - len(encode(*fields)) - 2)
    one.decide("/bin/busybox", *fields, padding)
    full = shell("uname -m")
    one.decide("/bin/busybox", *fields, padding, "uX")
    longer = shell("uname -m")
    one.decide("/bin/busybox")
    return {
        "full": full,
        "longer": longer,
        "last": last,
        "edge": edge,
        "cut": cut,
        "empty": shell("uname -m"),
    }
