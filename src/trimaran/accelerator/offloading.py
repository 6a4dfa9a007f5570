"""What gcc's native driver tells compilers for accelerators, which a cross one was built without.

One that has such compilers names them in the environment of all that it starts, and hands `-lm` on
to them, which debugging information then records (gcc.cc: OFFLOAD_TARGETS, forward_offload_option).
The driver of C++ adds `-lm` where it links, behind all arguments or in the place of the first one
that is there (g++spec.cc, lang_specific_driver).
"""

from __future__ import annotations

import re

import msgspec

_TARGETS = re.compile(rb" --enable-offload-targets=([^ \0]+)")
_DEFAULTED = b" --enable-offload-defaulted"
_FORWARD = b"-foffload-options=-l_GCC_m\0"
_FORWARDING = range(14, 15)
"""The versions that hand on -lm alone; earlier ones hand on nothing, and 15 -lstdc++ too."""
_FIRST = 12
_FOLLOWING = "f-lm\x01-foffload-options=-l_GCC_m"
_NO_LINKING = "-c,-S,-E,-M,-MM,-fsyntax-only,-r,-nostdlib,-nodefaultlibs,-nostdlib++"
_IN_DOUBT = (
    *(f"w{one}" for one in (".h", ".H", ".hh", ".hp", ".hxx", ".hpp", ".h++", ".HPP", ".tcc")),
    *("m--comp", "m--asse", "m--prep", "m--depe", "m--user", "m--no-s"),
    *("m-x", "m--lang", "t-lm"),
)
"""Where it is not clear that one links: headers and other languages, options by other names."""


class Fields(msgspec.Struct, frozen=True):
    """Fields of an answer, and arguments behind the caller's."""

    fields: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()


def told(driver: bytes, version: str, language: str) -> Fields:
    """What makes a cross driver hand on the same as a native one.

    Args:
        driver: the native one, of the target.
        version: its major version.
        language: c, or c++ if it links as such.
    """
    configured = _TARGETS.search(driver)
    if configured is None:
        return Fields()
    names = [re.sub("=.*", "", one) for one in configured[1].decode().split(",")]
    forwards = _FORWARD in driver
    major = int(version.partition(".")[0])
    known = major in _FORWARDING if forwards else _FIRST <= major < _FORWARDING.start
    if not known or f"{','.join(names)}\0".encode() not in driver:
        return Fields(_UNKNOWN[language])
    names = list(dict.fromkeys(names))
    default = ("eOFFLOAD_TARGET_DEFAULT=1",) if _DEFAULTED in driver else ()
    environment = (f"eOFFLOAD_TARGET_NAMES={':'.join(names)}", *default)
    if not forwards:
        return Fields(environment)
    if language == "c":
        return Fields((*environment, "i-Xlinker", "n-lm", "o", _FOLLOWING))
    return Fields(
        (
            *environment,
            *("n-Xlinker", "n-Xassembler", "n-Xpreprocessor"),
            *(f"i{_NO_LINKING}", _FOLLOWING, f"o{_NO_LINKING}", *_IN_DOUBT),
        ),
        (f"o{_NO_LINKING}", "a-foffload-options=-l_GCC_m"),
    )


_UNKNOWN = {"c": ("n-lm", "n-lstdc++"), "c++": ("g-c", "n-lm", "n-lstdc++")}
