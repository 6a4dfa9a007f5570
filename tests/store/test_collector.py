"""What the store's units are, and which of them a collector takes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from tests.store.test_garbage import image, put

from trimaran import references
from trimaran.oci import media_types
from trimaran.oci.models import Index
from trimaran.store.snapshots import snapshot_name
from trimaran.store.store import Store
from trimaran.store.units import About, Unit

INFINITE = float("inf")
Change = Callable[[Store], object]


def everything(_: Unit) -> bool:
    return True


def step(store: Store, identity: str, base: str = "", source: str = "", text: str = "") -> str:
    """What a build keeps of a step, with a layer of this text if there is one."""
    sources = (snapshot_name(source),) if source else ()
    about = About(f"RUN {identity}", "linux/amd64", snapshot_name(base) if base else "", sources)
    store.put_record("about", identity, msgspec.json.encode(about))
    with store.new_snapshot(identity) as pending:
        (pending.fs / "file").write_text(identity * 1000)
        pending.commit()
    store.put_record("step", identity, b"{}")
    if text:
        layer = put(store, media_types.LAYER, text.encode())
        kept = {"descriptor": layer, "diff_id": layer.digest, "step": identity}
        store.put_record("layer", f"{identity}-gzip", msgspec.json.encode(kept))
    return snapshot_name(identity)


def age(store: Store, seconds: float, *units: str) -> None:
    """Let units, or all, have been used so long ago."""
    for unit in store.collector.listed():
        for part in unit.parts:
            if not units or unit.id in units:
                for mark in part.marks:
                    if mark.exists():
                        at = mark.stat().st_mtime - seconds
                        os.utime(mark, (at, at))


def listed(store: Store) -> dict[str, Unit]:
    return {unit.id: unit for unit in store.collector.listed()}


def collect(
    store: Store,
    wanted: Callable[[Unit], bool] = everything,
    excess_bytes: float = INFINITE,
) -> list[str]:
    found = store.collector.listed()
    return [unit.id for unit in store.collector.collect(found, wanted, excess_bytes)]


def test_a_step_is_one_unit_with_its_records_and_its_layer(store: Store) -> None:
    one = step(store, "one", text="a layer")
    store.put_record("archive-owners", "one", b"of its files")
    store.put_record("files", "context", b"hashes")
    found = listed(store)
    assert {unit.type for unit in found.values()} == {"regular", "internal"}
    assert len(found[one].parts) == 6
    assert found[one].size_bytes >= 4096 * 2
    assert found[one].about.text == "RUN one"
    assert collect(store, lambda unit: unit.type == "regular") == [one]
    assert [unit.type for unit in listed(store).values()] == ["internal"]
    assert store.record("files", "context") == b"hashes"
    assert store.record("archive-owners", "one") is None
    assert store.snapshot("one") is None
    assert list((store.root / "tmp").glob("*/*")) == []


def test_a_layer_that_two_steps_have_goes_with_the_last_of_them(store: Store) -> None:
    one, two = step(store, "one", text="same"), step(store, "two", text="same")
    blob = put(store, media_types.LAYER, b"same").digest
    assert listed(store)[blob].above == {one, two}
    assert collect(store, lambda unit: unit.id in (blob, one)) == [one]
    # Now it is part of the other step.
    assert listed(store).keys() == {two}
    assert collect(store) == [two]
    assert not store.has_blob(blob)


def test_what_was_used_longest_ago_goes_first_and_a_base_after_what_is_on_it(store: Store) -> None:
    base, on_it, other = step(store, "base"), step(store, "on it", "base"), step(store, "other")
    source, copied = step(store, "source"), step(store, "copied", source="source")
    age(store, 500, base)
    age(store, 400, other)
    age(store, 300, on_it)
    age(store, 200, source)
    assert list(listed(store)) == [other, on_it, base, copied, source]
    assert listed(store)[base].used_s == listed(store)[on_it].used_s
    # A base cannot go alone; a source may: its files were copied.
    assert collect(store, lambda unit: unit.id in (base, source)) == [source]
    assert collect(store, excess_bytes=1) == [other]
    assert collect(store) == [on_it, base, copied]


def test_what_a_name_needs_stays(store: Store) -> None:
    manifest, lost = image(store, b"kept"), image(store, b"lost")
    store.tag(references.parse("app"), manifest.descriptor)
    store.put_record("origin", manifest.descriptor.digest, b"{}")
    store.put_record("origin", lost.descriptor.digest, b"{}")
    kept = {manifest.descriptor.digest, manifest.config.digest, manifest.layers[0].digest}
    assert {key for key in listed(store) if key.startswith("sha256:")} > kept
    removed = collect(store)
    assert not kept & set(removed)
    assert len(removed) == 4
    assert store.record("origin", manifest.descriptor.digest) == b"{}"
    assert store.record("origin", lost.descriptor.digest) is None
    assert {unit.shared for unit in listed(store).values()} == {True}


def test_what_a_command_reads_stays_with_all_below_it(store: Store) -> None:
    manifest = image(store, b"read")
    index = Index.make((manifest.descriptor,))
    store.put_blob(index.raw)
    used, free = step(store, "used", "base"), step(store, "free")
    base = step(store, "base")
    found = store.collector.listed()
    with Store.open(store.root) as other, other.use():
        other.read_blob(index.descriptor.digest)
        other.snapshot("used")
        in_use = {unit.id for unit in store.collector.listed() if unit.in_use}
        assert in_use >= {used, base, manifest.config.digest, manifest.layers[0].digest}
        # The list is older than the uses.
        assert [unit.id for unit in store.collector.collect(found, everything, INFINITE)] == [free]
    assert len(collect(store)) == 6


def test_a_step_in_use_by_its_layer_or_record_alone_stays_whole(store: Store) -> None:
    one = step(store, "one", text="a layer")
    blob = put(store, media_types.LAYER, b"a layer").digest
    looks: tuple[Change, ...] = (
        lambda other: other.has_blob(blob),
        lambda other: other.record("layer", "one-gzip"),
        lambda other: other.snapshot("one"),
    )
    for look in looks:
        with Store.open(store.root) as other, other.use():
            look(other)
            assert collect(store) == []
    assert collect(store) == [one]


@pytest.mark.parametrize(
    "change",
    [
        lambda store: store.snapshot("one"),
        lambda store: store.record("step", "one"),
        lambda store: store.remove_record("step", "one"),
    ],
)
def test_what_was_used_since_it_was_listed_stays(store: Store, change: Change) -> None:
    step(store, "one")
    age(store, 100)
    found = store.collector.listed()
    change(store)
    assert list(store.collector.collect(found, everything, INFINITE)) == []


def test_what_was_named_since_it_was_listed_stays(store: Store) -> None:
    manifest = image(store, b"named")
    found = store.collector.listed()
    store.tag(references.parse("app"), manifest.descriptor)
    assert list(store.collector.collect(found, everything, INFINITE)) == []


def test_a_replacement_stays_while_either_step_does(store: Store) -> None:
    old, new = step(store, "old"), step(store, "new")
    store.put_record("replacement", "old", b"new")
    age(store, 100, old)
    assert collect(store, lambda unit: unit.type == "internal") == []
    assert collect(store, lambda unit: unit.id == old) == [old]
    assert collect(store, lambda unit: unit.type == "internal") == []
    assert store.record("replacement", "old") == b"new"
    assert collect(store)[0] == new
    assert listed(store) == {}


def test_caches_and_partial_downloads_are_units(store: Store) -> None:
    with store.caches.held("key", 1, alone=True, fill=lambda _: None):
        (cache,) = listed(store).values()
        assert (cache.type, cache.about.text) == ("exec.cachemount", "cache key (1)")
        # Its lock is held, though this holder names nothing.
        assert collect(store) == []
        with Store.open(store.root) as other, other.use():
            assert not cache.in_use
    digest = image(store, b"whole").layers[0].digest
    store.blob_path(digest).unlink()
    with store.partial_blob(digest) as partial:
        assert partial is not None
        partial.write(b"half")
        partial.write(b"of it")
    types = [unit.type for unit in listed(store).values()]
    assert sorted(types) == ["blob", "blob", "exec.cachemount", "partial"]
    assert len(collect(store)) == 4


def test_records_that_are_damaged_or_of_an_older_program_are_internal(store: Store) -> None:
    store.put_record("layer", "old", b'{"descriptor":1}')
    store.put_record("layer", "damaged", b"\x00")
    store.put_record("about", "of a step that failed", b"")
    store.put_record("replacement", "damaged", b"\xff")
    with store.new_snapshot("nothing is known of it") as pending:
        pending.commit()
    (store.root / "snapshots" / "aaaaaaaaaaaaaaaa").mkdir()
    assert [unit.type for unit in listed(store).values()].count("internal") == 4
    assert len(collect(store)) == 6
    assert listed(store) == {}


def test_many_units_go_in_portions(store: Store) -> None:
    for number in range(100):
        store.put_record("memo", f"{number}", b"x" * 5000)
    found = store.collector.listed()
    half = sum(unit.size_bytes for unit in found) / 2
    assert len(collect(store, excess_bytes=half)) == 50
    assert len(collect(store)) == 50


def test_the_marks_of_a_snapshot_change_when_it_is_synced(store: Store, tmp_path: Path) -> None:
    one = step(store, "one")
    age(store, 100)
    before = listed(store)[one].used_s
    store.sync()
    assert listed(store)[one].used_s - before > 50
