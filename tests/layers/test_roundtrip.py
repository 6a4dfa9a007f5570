from __future__ import annotations

import io
import os
import tempfile
from pathlib import Path
from typing import Any, get_args

from hypothesis import given
from hypothesis import strategies as st
from tests.layers.trees import tree

from trimaran.layers.apply import apply_layer
from trimaran.layers.diff import write_layer
from trimaran.request import Compression

NAMES = st.binary(min_size=1, max_size=255).filter(
    lambda name: name not in (b".", b"..") and not {b"/"[0], 0} & set(name)
    and not name.startswith(b".wh.")
)  # fmt: skip
FILE_MODES = st.integers(0o400, 0o777).map(lambda mode: mode | 0o400) | st.just(0o4755)
CONTENTS = st.binary(max_size=600) | st.integers(500, 3000).map(bytes)
FILES = st.tuples(
    st.just("file"), CONTENTS, FILE_MODES, st.dictionaries(st.sampled_from("ab"), st.binary())
)
SYMLINKS = st.tuples(st.just("symlink"), NAMES)
SPECIAL = st.sampled_from([("fifo",), ("link",)])
TREES = st.recursive(
    st.dictionaries(NAMES, FILES | SYMLINKS | SPECIAL, max_size=4),
    lambda inner: st.dictionaries(NAMES, FILES | inner, max_size=3),
    max_leaves=8,
)


def build(folder: bytes, plan: dict[bytes, Any], files: list[bytes]) -> None:
    for name, what in plan.items():
        path = folder + b"/" + name
        match what:
            case ("file", content, mode, xattrs):
                Path(os.fsdecode(path)).write_bytes(content)
                for key, value in xattrs.items():
                    os.setxattr(path, f"user.{key}", value)
                os.chmod(path, mode)
                os.utime(path, (0, -len(content)))
                files.append(path)
            case ("symlink", target):
                os.symlink(target, path)
                os.utime(path, (7, 7), follow_symlinks=False)
            case ("fifo",):
                os.mkfifo(path)
            case ("link",) if files:
                os.link(files[-1], path)
            case dict():
                os.mkdir(path)
                build(path, what, files)
                os.utime(path, (8, 8))


@given(plan=TREES, compression=st.sampled_from(get_args(Compression)))
def test_a_tree_comes_back_as_it_was(plan: dict[bytes, Any], compression: Compression) -> None:
    with tempfile.TemporaryDirectory() as source, tempfile.TemporaryDirectory() as target:
        build(os.fsencode(source), plan, [])
        out = io.BytesIO()
        layer = write_layer(Path(source), out, compression=compression)
        out.seek(0)
        assert apply_layer(out, layer.media_type, Path(target)) == layer.diff_id
        assert tree(Path(target)) == tree(Path(source))
        again = io.BytesIO()
        assert write_layer(Path(target), again, compression=compression) == layer
