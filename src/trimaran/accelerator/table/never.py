"""What is emulated although stand-ins would be there, and why."""

from __future__ import annotations

from trimaran.accelerator.table.rule import Rule

_TELLS = "it tells the machine that it runs on"
_LOADS = "it loads modules of the target"
_LONG = "it computes with long double, which is another on every CPU"

_NEVER = (
    (("coreutils", "busybox"), "/bin/uname", _TELLS),
    (("coreutils",), "/bin/arch", _TELLS),
    (("coreutils",), "/bin/printf", _LONG),
    (("coreutils",), "/bin/seq", _LONG),
    (("coreutils",), "/bin/numfmt", _LONG),
    (("coreutils",), "/bin/od", "it shows numbers in the byte order and the forms of its CPU"),
    (("coreutils",), "/bin/hostid", "it shows an address in the byte order of its CPU"),
    (("coreutils",), "/bin/stdbuf", "it gives its children a library of the target"),
    (("coreutils",), "/sbin/chroot", "what it starts does not see the stand-ins"),
    (("gettext",), "/bin/msginit", "what it starts would not find its own tables of characters"),
    (("libc-bin",), "/sbin/ldconfig", "it reads libraries of its own CPU"),
    (("util-linux",), "/bin/setarch", _TELLS),
    (("systemd",), "/bin/systemctl", "units may ask for the machine"),
    (("systemd",), "/bin/systemd-sysusers", "its files may ask for the machine"),
    (("systemd",), "/bin/systemd-tmpfiles", "its files may ask for the machine"),
    (("man-db",), "/bin/mandb", "its index of Serbian pages came out otherwise"),
    (("fontconfig",), "/bin/fc-cache", "its caches are for one kind of CPU"),
    (
        ("libgdk-pixbuf-2.0-0",),
        "/lib/{triplet}/gdk-pixbuf-2.0/gdk-pixbuf-query-loaders",
        _LOADS,
    ),
    (("libgtk-3-0t64",), "/lib/{triplet}/libgtk-3-0t64/gtk-query-immodules-3.0", _LOADS),
    (("libglib2.0-0t64",), "/lib/{triplet}/glib-2.0/gio-querymodules", _LOADS),
    (("rpm",), "/bin/rpm", _TELLS),
    (("dnf5",), "/bin/dnf5", "it chooses packages by the machine that it runs on"),
    (("microdnf",), "/bin/microdnf", "it chooses packages by the machine that it runs on"),
)
NEVER: tuple[Rule, ...] = tuple(
    Rule("never", packages, (path,), why) for packages, path, why in _NEVER
)
