"""Conditions of answers, beside the interpreter's own way to find them out."""

from __future__ import annotations

import ctypes
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.accelerator.conditions import in_words, refusal
from trimaran.accelerator.launching import CONDITIONS

NATIVE = Path(__file__).parents[2] / "native"

WORDS = ("-g", "-gk", "--general", "uname", "C", "x")
ENTRIES = (
    *(
        "LANG=",
        "LANG=C",
        "LANG=de_DE",
        "LC_ALL=",
        "LC_ALL=POSIX",
        "LC_ALL=en_US",
        "LANG=a.utf8",
        "LANG=.UTF-8@x",
        "LC_TIME",
    ),
    *(
        "LC_TIME=C",
        "LC_TIME=fr_FR",
        "LC_ALL=C.UTF-8",
        "LC_A=a.UTF-8x",
        "LC_ALL=a.b.utf8",
        "LD_PRELOAD=/x",
        "LD_PRELOAD",
        "LD_PRELOADED=/x",
        "A=1",
        "=1",
    ),
)
CONDITION = st.one_of(
    st.tuples(st.sampled_from("nmgtwbio"), st.sampled_from(WORDS)).map("".join),
    st.sampled_from(("i-g,x", "o-gk,C", "i-g*", "ox,-g*", "i", "o")),
    st.sampled_from(("zLD_PRELOAD", "zA", "zLC_TIME", "qA=1", "qLANG=C", "hA", "hLANG", "L", "U")),
)
ARGV = st.lists(st.sampled_from((*WORDS, "", "/bin/uname", "/bin/", "a/b/x")), min_size=1)
ENVIRONMENT = st.lists(st.sampled_from(ENTRIES))


class Answer(ctypes.Structure):
    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("fields", "end", "program", "options")),
        ("slot", ctypes.c_int),
        ("native", ctypes.c_bool),
    )


class Interpreter:
    """native/answer.c, as a library."""

    def __init__(self, folder: Path) -> None:
        library = folder / "answer.so"
        words = ("-shared", "-fPIC", "-ffreestanding", "-o", library, NATIVE / "answer.c")
        subprocess.run(("cc", *words), check=True)
        self._library = ctypes.CDLL(str(library))
        self._library.refuses.restype = self._library.read_answer.restype = ctypes.c_bool

    def refuses(self, fields: list[str], argv: list[str], environment: list[str]) -> bool:
        data = b"".join(f"{one}\0".encode() for one in ("c2", *fields, "xa"))
        bytes_, answer = ctypes.create_string_buffer(data, len(data)), Answer()
        assert self._library.read_answer(ctypes.byref(answer), bytes_, ctypes.c_size_t(len(data)))
        vectors = [
            (ctypes.c_char_p * (len(one) + 1))(*(word.encode() for word in one))
            for one in (argv, environment)
        ]
        self._library.settle(ctypes.byref(answer), vectors[0])
        found: bool = self._library.refuses(ctypes.byref(answer), *vectors)
        return found


@pytest.fixture(scope="module")
def interpreter(tmp_path_factory: pytest.TempPathFactory) -> Interpreter:
    return Interpreter(tmp_path_factory.mktemp("answer"))


@given(st.lists(CONDITION, max_size=3), ARGV, ENVIRONMENT)
def test_they_are_those_of_the_interpreter(
    interpreter: Interpreter, fields: list[str], argv: list[str], environment: list[str]
) -> None:
    words = [[word.encode() for word in one] for one in (argv, environment)]
    assert bool(refusal(fields, *words)) == interpreter.refuses(fields, argv, environment)


@pytest.mark.parametrize(
    ("field", "argv", "environment"),
    [
        ("n-g", ["sort", "-g"], []),
        ("m-g", ["sort", "-gk2"], []),
        ("g-c", ["perl", "-e"], []),
        ("t-lm", ["g++", "-lm", "a.o", "-lm"], []),
        ("w.h", ["g++", "a.h"], []),
        ("buname", ["/bin/uname"], []),
        ("qA=1", ["x"], ["A=2"]),
        ("zA", ["x"], ["A="]),
        ("hA", ["x"], ["A="]),
        ("hA", ["x"], ["AB=1"]),
        ("L", ["x"], ["LC_TIME=de_DE"]),
        ("L", ["x"], ["LC_TIME=de_DE.UTF-8"]),
        ("U", ["x"], ["LC_TIME=de_DE"]),
    ],
)
def test_each_kind_refuses(
    interpreter: Interpreter, field: str, argv: list[str], environment: list[str]
) -> None:
    words = [[word.encode() for word in one] for one in (argv, environment)]
    assert refusal(["nno", field], *words) == field
    assert interpreter.refuses([field], argv, environment)
    assert field[0] in CONDITIONS


@pytest.mark.parametrize(
    ("fields", "argv", "refused"),
    [
        (["i-c,-S", "n-g"], ["cc", "-c", "-g"], True),
        (["i-c,-S", "n-g"], ["cc", "-g"], False),
        (["o-c,-S", "n-g"], ["cc", "-g"], True),
        (["o-c,-S", "n-g"], ["cc", "-S", "-g"], False),
        (["i-c", "o", "n-g"], ["cc", "-g"], True),
        (["i-c*", "n-g"], ["cc", "-cx", "-g"], True),
    ],
)
def test_fields_count_where_an_argument_says_so(
    interpreter: Interpreter, fields: list[str], argv: list[str], *, refused: bool
) -> None:
    assert bool(refusal(fields, [one.encode() for one in argv], [])) is refused
    assert interpreter.refuses(fields, argv, []) is refused


def test_no_kind_is_forgotten() -> None:
    assert set(CONDITIONS) == set("nmgtwbqzhLU")
    assert all(in_words(f"{kind}x") for kind in (*CONDITIONS, "s"))
    assert in_words("m-g") == "an argument begins with -g"
