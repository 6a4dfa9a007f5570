"""The folder that steps with native stand-ins share."""

from __future__ import annotations

import pytest
from tests.support.snippets import USERS, run_snippet

pytestmark = pytest.mark.real
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
