"""What packages' own scripts start to set their packages up."""

from __future__ import annotations

from trimaran.accelerator.table.rule import Rule, inside

_ORDER = "its files are in the byte order of its CPU"
SETUP: tuple[Rule, ...] = (
    Rule(
        "told",
        ("libc-bin",),
        ("/bin/localedef",),
        "it is told the byte order to write in",
        fields=("a--big-endian", "m--little", "m--big"),
        targets=("s390x-linux-gnu",),
    ),
    Rule(
        "neutral",
        ("libc-bin",),
        inside("/bin", "locale localedef"),
        "locales are the same on every CPU of one byte order",
        byte_order=_ORDER,
    ),
    Rule(
        "neutral",
        ("libc-bin",),
        ("/bin/iconv",),
        "character sets are the same on every CPU",
        converts=True,
    ),
    Rule(
        "neutral",
        ("shared-mime-info",),
        ("/bin/update-mime-database",),
        "its cache has one byte order on every CPU, by its format",
        converts=True,
    ),
    Rule(
        "neutral",
        ("openssh-client",),
        ("/bin/ssh-keygen",),
        "keys have one form on every CPU; what it would load is the target's",
        fields=("m-D", "m-w", "m-O", "m-K"),
    ),
    Rule(
        "neutral",
        ("install-info", "desktop-file-utils"),
        inside("/bin", "install-info update-desktop-database"),
        "writes text",
    ),
)
