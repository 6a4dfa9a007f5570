"""Run a CPU's trials in a folder that is their whole file system, as images' programs run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import msgspec

from trimaran.emulation import probes
from trimaran.errors import HostError
from trimaran.host import programs
from trimaran.host.checks import Check, Place, not_checked
from trimaran.host.programs import Trial
from trimaran.linux import process, steady
from trimaran.machines import Machine

_TIMEOUT_S = 30.0
_CRASHES = (-signal.SIGSEGV, -signal.SIGILL, -signal.SIGBUS)


@dataclass(frozen=True, slots=True)
class Lab:
    """Where trials are made.

    Attributes:
        folder: empty; its file system must not have nosuid for the trial of setuid.
        place: whether this process is in the namespaces of builds.
        name: of the platform, for what is said.
        expected: its programs are to run here; else it is only worth a note that they do not.
    """

    folder: Path
    place: Place
    name: str
    expected: bool = True


def run_all(
    machine: Machine, lab: Lab, *, trials: Iterable[Trial] = programs.TRIALS
) -> list[Check]:
    """Make every trial; each is one check."""
    second = lab.folder / programs.SECOND
    second.write_bytes(probes.program(machine))
    second.chmod(0o755)
    try:
        return [_check(machine, trial, lab) for trial in trials]
    finally:
        second.unlink()


def static(machine: Machine, lab: Lab) -> Check:
    """The smallest program: without it no other trial makes sense."""
    fault = probes.fault(machine, lab.folder)
    if not fault:
        return Check("static program", lab.place, "ok")
    check = _failed("static program", lab, fault)
    return check if lab.expected else msgspec.structs.replace(check, state="note")


def _check(machine: Machine, trial: Trial, lab: Lab) -> Check:
    if not programs.program(machine):
        return not_checked(trial.name, lab.place, f"no program for {machine.name}")
    if trial.owner and (os.geteuid() != 0 or os.statvfs(lab.folder).f_flag & os.ST_NOSUID):
        return not_checked(trial.name, lab.place, "a file cannot be given another owner here")
    file = lab.folder / "program"
    file.write_bytes(programs.program(machine))
    try:
        if trial.owner:
            os.chown(file, trial.owner, trial.owner)
        file.chmod(trial.mode)
        return _repeated(trial, lab)
    except HostError as error:
        return _failed(trial.name, lab, error.message)
    finally:
        file.unlink()


def _repeated(trial: Trial, lab: Lab) -> Check:
    for _ in range(trial.times):
        done = _run(trial, lab, randomize=True)
        if _is_right(trial, done):
            continue
        if done.returncode in _CRASHES and _is_steady(trial, lab):
            return _crash(trial, lab, -done.returncode)
        return _wrong(trial, lab, done)
    return Check(trial.name, lab.place, "ok")


def _run(trial: Trial, lab: Lab, *, randomize: bool) -> subprocess.CompletedProcess[bytes]:
    before = () if randomize else (sys.executable, "-I", "-S", steady.__file__)
    chroot = process.find("chroot", process.SYSTEM_PATH) if os.geteuid() == 0 else None
    if chroot:
        inside = [f"/{word}" if word == programs.SECOND else word for word in trial.arguments]
        argv = (*before, str(chroot), str(lab.folder), "/program", *inside)
    else:
        second = str(lab.folder / programs.SECOND)
        outside = [second if word == programs.SECOND else word for word in trial.arguments]
        argv = (*before, str(lab.folder / "program"), *outside)
    return process.run(argv, check=False, timeout_s=_TIMEOUT_S, environment={})


def _is_right(trial: Trial, done: subprocess.CompletedProcess[bytes]) -> bool:
    return done.returncode == trial.status and done.stdout == trial.output


def _is_steady(trial: Trial, lab: Lab) -> bool:
    runs = (_run(trial, lab, randomize=False) for _ in range(trial.times))
    return all(_is_right(trial, done) for done in runs)


def _crash(trial: Trial, lab: Lab, number: int) -> Check:
    return Check(
        trial.name,
        lab.place,
        "note",
        f"killed by {signal.Signals(number).name}, but not without address randomisation",
        f"programs of {lab.name} at random; builds run such a step again without randomisation",
        "install a newer QEMU",
    )


def _wrong(trial: Trial, lab: Lab, done: subprocess.CompletedProcess[bytes]) -> Check:
    if trial.owner and done.returncode == 0 and lab.place == "host":
        said = "set-user-ID programs get no rights: the handler lacks flag C"
        hint = f"sudo trimaran host setup --credentials {lab.name}"
        return Check(trial.name, lab.place, "note", said, "sudo in containers of docker run", hint)
    if done.returncode < 0:
        return _failed(trial.name, lab, f"killed by {signal.Signals(-done.returncode).name}")
    said = (done.stderr or done.stdout).decode(errors="replace").strip()
    fault = f"status {done.returncode} instead of {trial.status}" + (f": {said}" if said else "")
    return _failed(trial.name, lab, fault)


def _failed(name: str, lab: Lab, fault: str) -> Check:
    where = "builds and runs" if lab.place == "private" else "programs outside of trimaran"
    hint = "" if lab.place == "private" else f"sudo trimaran host setup {lab.name}"
    return Check(name, lab.place, "failed", fault, f"{where} of {lab.name} that do it", hint)
