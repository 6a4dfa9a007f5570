"""cmake, which asks for the machine and for its own path, by which it finds its modules."""

from __future__ import annotations

from trimaran.accelerator.table.rule import Rule, inside

_TELLS_OF_THE_HOST = ("n--system-information", "m--system-information", "nenvironment")
_DASHBOARDS = (
    *("m-D", "m-M", "m-T", "m-S", "m--dashboard", "m--test-model", "m--test-action", "m--script"),
    *("m--build-and-test", "m--extra-submit"),
)
CMAKE: tuple[Rule, ...] = (
    Rule(
        "told",
        ("cmake",),
        inside("/bin", "cmake cpack"),
        "writes build files from what the system and compilers say, which are the target's",
        fields=_TELLS_OF_THE_HOST,
        numbers=("ncapabilities",),  # in the order of std::hash
        preload=True,
        managers=("dpkg", "apk"),
    ),
    Rule(
        "told",
        ("cmake",),
        ("/bin/ctest",),
        "starts tests; what it sends to dashboards tells of the host's CPU",
        fields=_DASHBOARDS,
        preload=True,
        managers=("dpkg", "apk"),
    ),
)
