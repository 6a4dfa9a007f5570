"""The folder that steps with native stand-ins share."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from tests.support.snippets import USERS, run_snippet

from trimaran.accelerator.answers import Emulate
from trimaran.executor.answering import Slots
from trimaran.executor.stand_ins import Execs, StepCounter

users = pytest.mark.parametrize("user", USERS)

START = """
        import os, struct, tempfile
        from pathlib import Path
        from trimaran.accelerator.answers import Emulate, Native
        from trimaran.executor.stand_ins import Execs, StandIns
        from trimaran.linux import mounts, namespaces
        namespaces.enter()
        base = Path(tempfile.mkdtemp())
        mounts.Tmpfs(base, shared=True).execute()
        (base / "one").mkdir()
        made = StandIns(base / "one")
        """
END = """
        made.close()
        mounts.unmount(base)
        os.rmdir(base)
        answer(None)
        """


@pytest.mark.real
@users
def test_counts_of_steps_are_their_own_and_summed(user: str) -> None:
    run_snippet(
        START
        + """
        native = made.slots.take(Native("/a", "/b", "c 1", ()))
        emulated = made.slots.take(Emulate("/d", "why"))
        other = made.slots.take(Native("/e", "/f", "g 2", (), exact=False))
        def add(counter, numbers):
            file = counter.mounts[1].source
            data = bytearray(file.read_bytes())
            for slot, number in numbers.items():
                struct.pack_into("=Q", data, slot * 8, number)
            file.write_bytes(data)
        with made.counted() as first, made.counted() as second:
            add(first, {native: 3, native + 1: 1, emulated: 2})
            add(second, {native: 1})
            assert first.execs() == Execs(3, 6), first.execs()
            assert first.unequal() == ()
            assert second.execs() == Execs(1, 1)
        with made.counted() as third:
            add(third, {other: 1})
            assert third.unequal() == ("/e (g 2)",)
        made.totals.pop(other)
        assert dict(made.totals) == {native: 4, native + 1: 1, emulated: 2}, made.totals
        assert sorted(os.listdir(base / "one")) == [
            "answers", "counts", "kit", "own"
        ]
        """
        + END,
        user,
    )


@pytest.mark.real
@users
def test_what_is_shown_later_is_seen_by_those_who_follow(user: str) -> None:
    run_snippet(
        START
        + """
        import subprocess
        kit = base / "files"
        kit.mkdir()
        (kit / "tool").write_text("tool")
        script = (
            "mount --make-rslave / && echo ready && read line"
            f" && cat {base}/one/kit/base/tool && ! touch {base}/one/kit/base/new"
        )
        child = subprocess.Popen(
            ["unshare", "--mount", "--propagation", "unchanged", "sh", "-c", script],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        assert child.stdout.readline() == "ready\\n"
        made.show("base", (kit,))
        out, _ = child.communicate("go\\n")
        assert (out, child.returncode) == ("tool", 0), (out, child.returncode)
        mounts.unmount(base / "one/kit/base")
        """
        + END,
        user,
    )


@pytest.mark.parametrize("size", [0, 7, 24, 65536, 1_000_000])
def test_counters_that_a_container_cut_or_made_longer_do_no_harm(tmp_path: Path, size: int) -> None:
    slots = Slots(8192)
    slot = slots.take(Emulate("/a", "why"))
    data = bytearray(max(size, 24))
    struct.pack_into("=Q", data, 8 * slot, 2**64 - 1)
    file = tmp_path / "counts"
    file.write_bytes(data[:size])

    found = StepCounter(tmp_path, file, slots).execs()

    assert found == Execs(0, 2**64 - 1 if size >= 24 else 0)
