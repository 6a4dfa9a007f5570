from __future__ import annotations

from pathlib import Path

import pytest

from trimaran.errors import StoreError
from trimaran.store.store import Store


def test_a_new_store_is_private_and_can_be_opened_again(tmp_path: Path) -> None:
    root = tmp_path / "deep/store"
    with Store.open(root) as store:
        digest = store.put_blob(b"kept")
    assert root.stat().st_mode & 0o777 == 0o700
    assert (root / "version").read_text() == "trimaran-store 1\n"
    with Store.open(root) as store:
        assert store.read_blob(digest) == b"kept"


def test_another_layout_is_refused(tmp_path: Path) -> None:
    Store.open(tmp_path / "store").close()
    (tmp_path / "store/version").write_text("trimaran-store 2\n")
    with pytest.raises(StoreError, match="another layout: 'trimaran-store 2'") as caught:
        Store.open(tmp_path / "store")
    assert "--store" in caught.value.hint


def test_a_folder_of_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "diary").touch()
    with pytest.raises(StoreError, match="is no store: it holds 'diary'"):
        Store.open(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["diary"]


def test_a_store_whose_making_was_cut_short_is_completed(tmp_path: Path) -> None:
    (tmp_path / "blobs").mkdir()
    (tmp_path / "tmp/0123").mkdir(parents=True)
    with Store.open(tmp_path) as store:
        assert store.has_blob(store.put_blob(b"x"))


def test_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="open the store"):
        Store.open(tmp_path / "file")


def test_opening_sweeps_what_the_dead_left(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    (tmp_path / "tmp/dead/snapshot/fs").mkdir(parents=True)
    Store.open(tmp_path).close()
    assert list((tmp_path / "tmp").iterdir()) == []


def test_guarded_names_the_action(store: Store) -> None:
    with pytest.raises(StoreError, match="copy files: No such file"), store.guarded("copy files"):
        open(store.root / "missing", "rb").close()
