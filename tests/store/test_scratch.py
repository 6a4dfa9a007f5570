from __future__ import annotations

import threading
from pathlib import Path

from trimaran.store.scratch import Scratch, sweep


def test_a_living_owners_folder_is_kept_and_a_dead_ones_swept(tmp_path: Path) -> None:
    scratch = Scratch(tmp_path)
    (scratch.new_path("blob")).write_text("mine")
    dead = tmp_path / "0123"
    (dead / "deep/er").mkdir(parents=True)
    (dead / "deep/file").touch()
    sweep(tmp_path)
    assert list(tmp_path.iterdir()) == [scratch.folder]
    assert len(list(scratch.folder.iterdir())) == 1
    scratch.close()
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_made_before_it_is_needed(tmp_path: Path) -> None:
    Scratch(tmp_path).close()
    assert list(tmp_path.iterdir()) == []


def test_sweeps_never_take_a_folder_that_is_just_being_made(tmp_path: Path) -> None:
    stop = threading.Event()

    def keep_sweeping() -> None:
        while not stop.is_set():
            sweep(tmp_path)

    sweeper = threading.Thread(target=keep_sweeping)
    sweeper.start()
    try:
        for _ in range(300):
            scratch = Scratch(tmp_path)
            path = scratch.new_path("blob")
            path.touch()
            assert path.exists()
            scratch.close()
    finally:
        stop.set()
        sweeper.join()
