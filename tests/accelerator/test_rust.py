"""Which calls of rustc are for a native one, on folders as cargo makes them."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from trimaran.accelerator import rust
from trimaran.accelerator.answers import Emulate, Native
from trimaran.accelerator.calls import Call, judged
from trimaran.accelerator.trees import Tree

DEPENDENCIES = ("-L", "dependency=/src/target/release/deps")
PLAIN = "/src/target/release/deps/libplain-0a1b.rmeta"
DERIVING = "/src/target/release/deps/libderiving-2c3d.rlib"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root with two crates, of which one needs a macro that lies beside them."""
    deps = tmp_path / "src/target/release/deps"
    deps.mkdir(parents=True)
    (deps / "libmacro-4e5f.so").write_bytes(b"\x7fELF")
    (deps / "libplain-0a1b.rmeta").write_bytes(b"rust\0\0\0\x09 core-77 std-88 ")
    (deps / "libderiving-2c3d.rlib").write_bytes(b"!<arch>\nrust\0\0\0\x09macro\x05-4e5f ")
    return tmp_path


def refusal(root: Path, *arguments: str, library_path: str = "") -> str:
    with Tree(root) as tree:
        return rust.refusal(tree, "/usr/bin/rustc", "/src", arguments, library_path)


@pytest.mark.parametrize(
    "arguments",
    [
        ("main.rs",),
        ("--crate-type", "proc-macro", "macro.rs", "--extern", "proc_macro"),
        (*DEPENDENCIES, "--extern", f"plain={PLAIN}", "src/lib.rs"),
        (*DEPENDENCIES, f"--extern=priv,noprelude:plain={PLAIN}"),
        ("-Ldependency=target/release/deps", "--extern", "plain=target/release/deps/../deps/x"),
        ("-L", "native=/src/target/release/deps", "-Lframework=/src/target/release/deps"),
        ("-L", "/nowhere", "-L"),
    ],
)
def test_what_loads_no_macro_is_for_a_native_one(root: Path, arguments: tuple[str, ...]) -> None:
    (root / "src/target/release/deps/x").write_bytes(b"a crate without dependencies")
    assert refusal(root, *arguments) == ""


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("--extern", "macro=target/release/deps/libmacro-4e5f.so"), "it loads libmacro-4e5f.so"),
        ((*DEPENDENCIES, "--extern", f"deriving={DERIVING}"), "it loads libmacro-4e5f.so"),
        ((*DEPENDENCIES, "--extern", f"p={PLAIN}", "--extern", f"d={DERIVING}"), "it loads lib"),
        (("-Ltarget/release/deps",), "it may load libmacro-4e5f.so"),
        (("-L", "all=target/release/deps"), "it may load libmacro-4e5f.so"),
        (("-L", "crate=target/release/deps"), "it may load libmacro-4e5f.so"),
        ((*DEPENDENCIES, "--extern", "gone=/gone.rlib"), "gone.rlib cannot be read"),
    ],
)
def test_what_may_load_a_macro_is_emulated(
    root: Path, arguments: tuple[str, ...], reason: str
) -> None:
    assert refusal(root, *arguments).startswith(reason)


def test_a_macro_without_a_hash_may_be_anyones(root: Path) -> None:
    (root / "src/target/release/deps/libold.so").touch()
    assert refusal(root, *DEPENDENCIES) == "it may load libold.so"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("librustc_driver-0123.so", "LD_LIBRARY_PATH has its librustc_driver-0123.so"),
        ("libc.so.6", "LD_LIBRARY_PATH has its libc.so.6"),
        ("libmacro-4e5f.so", ""),
    ],
)
def test_another_library_for_rustc_itself_is_for_the_emulated_one(
    root: Path, name: str, reason: str
) -> None:
    (root / "src/own").mkdir()
    (root / "src/own" / name).touch()
    assert refusal(root, "main.rs", library_path="/src/target/release/deps:own:") == reason


def test_its_own_folder_of_libraries_may_be_named(root: Path) -> None:
    (root / "usr/lib").mkdir(parents=True)
    (root / "usr/lib/librustc_driver-0123.so").touch()
    assert refusal(root, "main.rs", library_path="/usr/lib") == ""


def test_a_call_is_judged_by_all_that_it_is_told(root: Path) -> None:
    native = Native("/usr/bin/rustc", "kit/base/usr/bin/rustc", "rustc 1.85", (), calls="rust")
    call = Call(root, "/src", ("rustc", *DEPENDENCIES, "--extern", f"d={DERIVING}"), ("A=1",))
    found = judged(native, call)
    assert isinstance(found, Emulate)
    assert (found.program, found.settled) == ("/usr/bin/rustc", False)
    assert judged(native, Call(root, "/src", ("rustc", "--test", "main.rs"), ())) == native
    other = Native("/bin/cat", "kit/base/bin/cat", "coreutils 9", ())
    assert judged(other, call) == other


def test_a_variable_counts_where_it_is_first(tmp_path: Path) -> None:
    call = Call(tmp_path, "/", ("rustc",), ("A", "B=1=2", "B=3", "LD_LIBRARY_PATH="))
    assert [call.value(name) for name in ("A", "B", "C", "LD_LIBRARY_PATH")] == ["", "1=2", "", ""]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("--crate-type", "bin", "--emit=dep-info,link", "src/main.rs"), False),
        (("--crate-type=cdylib,staticlib", "--emit", "link=/out/x,obj"), False),
        (("--test", "src/lib.rs"), False),
        (("-O", "src/main.rs"), False),
        (("--crate-type", "bin", "--emit=dep-info,metadata"), True),
        (("--crate-type", "bin", "--crate-type", "lib", "src/main.rs"), True),
        (("--crate-type=proc-macro", "src/main.rs"), True),
        (("-O", "src/lib.rs"), True),
        (("-O", "src/gone.rs"), True),
        (("-O", "-"), True),
        (("--emit=mir", "src/main.rs"), True),
    ],
)
def test_which_calls_write_metadata(
    root: Path, arguments: tuple[str, ...], *, expected: bool
) -> None:
    (root / "src/src").mkdir()
    (root / "src/src/main.rs").write_text("fn main() {}\n")
    (root / "src/src/lib.rs").write_text('#![crate_type = "lib"]\n')
    with Tree(root) as tree:
        assert rust.writes_metadata(tree, "/src", arguments) is expected


def test_metadata_is_native_where_equal_bits_are_not_asked_for(root: Path) -> None:
    exact = Native("/usr/bin/rustc", "kit/base/usr/bin/rustc", "rustc 1.85", (), calls="rust")
    call = Call(root, "/src", ("rustc", "--crate-type", "lib", "lib.rs"), ())
    found = judged(exact, call)
    assert isinstance(found, Emulate)
    assert found.unequal
    told = msgspec.structs.replace(exact, fields=("n-vV",))
    version = Call(root, "/src", ("rustc", "-vV"), ())
    assert judged(told, version) == told
    inexact = msgspec.structs.replace(exact, exact=False)
    assert judged(inexact, call) == inexact
