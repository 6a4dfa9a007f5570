from __future__ import annotations

import errno
from typing import Any

import pytest

from trimaran.executor import seccomp


def rules(machine: str = "x86_64") -> list[dict[str, Any]]:
    found = seccomp.profile(machine)["syscalls"]
    assert isinstance(found, list)
    return found


def answer(call: str, *arguments: int) -> int:
    """The errno with which a call ends, 0 if it is let through."""
    for rule in rules():
        tests = rule.get("args", [])
        if call in rule["names"] and all(meets(it, arguments[it["index"]]) for it in tests):
            return int(rule["errnoRet"])
    return 0


def meets(test: dict[str, Any], argument: int) -> bool:
    match test["op"]:
        case "SCMP_CMP_MASKED_EQ":
            return bool(argument & test["value"] == test["valueTwo"])
        case "SCMP_CMP_LT":
            return bool(argument < test["value"])
        case _:
            return bool(argument == test["value"])


@pytest.mark.parametrize(
    "call", ["mount", "bpf", "kexec_load", "unshare", "keyctl", "open_by_handle_at", "reboot"]
)
def test_what_reaches_the_kernel_is_refused(call: str) -> None:
    assert answer(call) == errno.EPERM


@pytest.mark.parametrize(
    "call",
    ["execve", "fork", "vfork", "ptrace", "personality", "chroot", "setuid", "setns_", "read"],
)
def test_what_builds_need_is_let_through(call: str) -> None:
    assert answer(call) == 0


def test_clone_makes_threads_and_processes_but_no_namespaces() -> None:
    thread, process = 0x3D0F00, 17
    assert answer("clone", thread) == answer("clone", process) == 0
    for flag in seccomp.CLONE_NEW_FLAGS.values():
        assert answer("clone", process | flag) == errno.EPERM


def test_calls_whose_callers_have_another_way_are_said_to_be_missing() -> None:
    assert answer("clone3") == answer("io_uring_setup") == errno.ENOSYS


def test_vsock_is_refused_and_other_sockets_are_not() -> None:
    stream, packets_closed_on_exec = 1, 5 | 0x80000
    assert answer("socket", 40, stream) == answer("socket", 40, packets_closed_on_exec)
    assert answer("socket", 40, stream) == errno.EPERM
    assert answer("socket", 2, stream) == answer("socket", 1, stream) == 0


def test_a_pointer_of_socketcall_is_no_type_of_a_socket() -> None:
    # libseccomp puts the call's number in place of the first test of socketcall's rule.
    (rule,) = [rule for rule in rules() if rule["names"] == ["socket"]]
    (rest,) = rule["args"][1:]
    on_the_stack, lowest = 0xFFC0_0000, 0x0804_8000
    assert not meets(rest, on_the_stack)
    assert not meets(rest, lowest)


def test_every_refusal_has_its_reason_and_no_call_two() -> None:
    calls = [call for row in seccomp.REFUSALS for call in row.calls]
    assert len(calls) == len(set(calls))
    assert all(row.reason for row in seccomp.REFUSALS)


def test_architectures_of_the_host() -> None:
    found = seccomp.profile("x86_64")["architectures"]
    assert found == ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]
    assert "architectures" not in seccomp.profile("unheard-of")


def test_s390x_has_clones_flags_in_the_second_place() -> None:
    places = {rule["args"][0]["index"] for rule in rules("s390x") if rule["names"] == ["clone"]}
    assert places == {1}
