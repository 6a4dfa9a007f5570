"""Run as a program, in namespaces of its own: a layer taken from one overlay and put on another."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

from tests.layers.trees import tree

from trimaran.layers.apply import apply_layer
from trimaran.layers.diff import write_layer
from trimaran.linux import namespaces
from trimaran.linux.mounts import Overlay, mounted


def fill(root: Path) -> None:
    for name in ("gone", "replaced", "kept"):
        (root / name).mkdir()
        (root / name / "old").write_text(name)
    for name in ("file-gone", "file-kept", "to-folder", "changed", "prog"):
        (root / name).write_text(name)
    (root / "many" / "deep").mkdir(parents=True)
    (root / "many" / "deep" / "f").touch()


def change(root: Path) -> None:
    (root / "gone" / "old").unlink()
    (root / "gone").rmdir()
    (root / "replaced" / "old").unlink()
    (root / "replaced").rmdir()
    (root / "replaced").mkdir()  # the overlay marks it opaque
    (root / "replaced" / "new").write_text("new")
    (root / "file-gone").unlink()
    (root / "to-folder").unlink()
    (root / "to-folder").mkdir()
    (root / "changed").write_text("changed")
    (root / "kept" / "more").write_text("more")
    os.link(root / "kept" / "more", root / "hard")
    os.chown(root / "kept", 1, 2)
    os.symlink("/kept", root / "soft")
    os.rename(root / "file-kept", root / "moved")
    (root / "prog").chmod(0o4755)
    os.setxattr(root / "changed", "user.note", b"x")
    # cap_net_bind_service=ep in the plain form, which the kernel keeps with the namespace's root.
    capability = bytes.fromhex("0100000200040000000000000000000000000000")
    os.setxattr(root / "moved", "security.capability", capability)


def overlay(base: Path, name: str) -> Overlay:
    for part in ("upper", "work", "merged"):
        (base / name / part).mkdir(parents=True)
    place = base / name
    return Overlay((base / "lower",), place / "upper", place / "work", place / "merged")


def main(base: Path) -> None:
    namespaces.enter()
    (base / "lower").mkdir()
    fill(base / "lower")
    with mounted(overlay(base, "one")) as merged:
        change(merged)
        expected = tree(merged)
    out = io.BytesIO()
    layer = write_layer(base / "one" / "upper", out, compression="gzip")
    out.seek(0)
    with mounted(overlay(base, "two")) as merged:
        assert apply_layer(out, layer.media_type, merged) == layer.diff_id
        assert tree(merged) == expected
        assert "security.capability" in os.listxattr(merged / "moved")
    sys.stdout.write(f"{len(expected)} entries\n")
    subprocess.run(["rm", "-rf", base / "lower", base / "one", base / "two"], check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
