from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from trimaran.store.writeback import Writeback

_MIB = 1 << 20
_WRITER = """
import pathlib, sys
from trimaran.store.store import Store
with Store.open(pathlib.Path(sys.argv[1])).blob_writer("sha256") as writer:
    for _ in range(20):
        writer.write(bytes(1 << 20))
    print(writer.commit())
"""


def test_a_blob_reaches_the_disk_while_it_grows(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    calls = "--trace=sync_file_range,fsync"
    argv = ["strace", "-f", calls, "-o", str(trace), sys.executable, "-c", _WRITER]
    subprocess.run([*argv, str(tmp_path / "store")], check=True, capture_output=True)
    made = [line.split(maxsplit=1)[1] for line in trace.read_text().splitlines()]
    early = [number for number, call in enumerate(made) if call.startswith("sync_file_range")]
    assert [made[number].partition(", ")[2] for number in early] == [
        f"{start}, {8 * _MIB}, SYNC_FILE_RANGE_WRITE) = 0" for start in (0, 8 * _MIB)
    ]
    assert any(call.startswith("fsync") for call in made[early[-1] :])


def test_what_cannot_be_written_early_is_left_to_the_end() -> None:
    ends = os.pipe()
    with os.fdopen(ends[1], "wb") as file:
        Writeback(file).grown(100 * _MIB)
    os.close(ends[0])
