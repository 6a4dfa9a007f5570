"""The package manager's programs, and others that have the name of a CPU compiled in."""

from __future__ import annotations

from trimaran.accelerator.table.rule import Rule, inside

_NAME = (("{native}", "{debian}"),)
_APT_LIBRARIES = (("libapt-pkg.so", _NAME), ("libapt-private.so", _NAME))
_APT_ARCHITECTURE = (
    "a-oAPT::Architecture={debian}",
    "n--version",
    "n-v",
    "n--help",
    "n-h",
    "nhelp",
)
# Not there on every CPU, and used by none of apt's methods unless APT::Sandbox::Seccomp is set.
_SANDBOX = ("libseccomp2",)
TOLD: tuple[Rule, ...] = (
    Rule(
        "told",
        ("apt",),
        inside("/bin", "apt apt-get apt-cache apt-cdrom apt-config apt-mark"),
        "its architecture is compiled into its libraries",
        libraries=_APT_LIBRARIES,
        otherwise=_APT_ARCHITECTURE,
        managers=("dpkg",),
    ),
    Rule(
        "told",
        ("apt-utils", "apt"),
        (
            *inside("/bin", "apt-extracttemplates apt-sortpkgs"),
            *inside("/lib/apt", "apt-extracttemplates apt-helper planners/dump solvers/dump"),
        ),
        "its architecture is compiled into its libraries",
        libraries=_APT_LIBRARIES,
        otherwise=_APT_ARCHITECTURE,
        managers=("dpkg",),
    ),
    Rule(
        "neutral",
        ("apt",),
        inside("/lib/apt/methods", "copy file gpgv http mirror rred sqv store"),
        "does what apt asks of it",
        optional=_SANDBOX,
        managers=("dpkg",),
    ),
)

_DPKG = (("{native}", "{debian}"), (r"\d[\w.~+-]* \({native}\)", r"\d[\w.~+-]* \({debian}\)"))
_SYSTEM = r"[a-z0-9_]+-[a-z]+-linux-(?:gnu|musl)[a-z0-9]*"
_KERNEL = r"[a-z0-9_]+-[a-z]+-(linux-(?:gnu|musl)[a-z0-9]*)"
_CPU = r"([a-z0-9_]+)-[a-z]+-linux-(?:gnu|musl)[a-z0-9]*"
_PC_FOLDERS = r"/usr/local/lib/[a-z0-9_]+-linux-gnu[a-z0-9]*/pkgconfig:[ -~]*"
_SYSTEM_LIBRARIES = r"/lib:/lib/[ -~]*"
_LIBRARIES = r"/usr/lib/[a-z0-9_]+-linux-gnu[a-z0-9]*"
_PKGCONF = ((_PC_FOLDERS, _PC_FOLDERS), (_SYSTEM_LIBRARIES, _SYSTEM_LIBRARIES))
PATCHED: tuple[Rule, ...] = (
    Rule(
        "patched",
        ("dpkg",),
        inside("/bin", "dpkg dpkg-deb dpkg-divert dpkg-query dpkg-split dpkg-trigger"),
        "its architecture is compiled in",
        texts=_DPKG,
        managers=("dpkg",),
    ),
    Rule(
        "patched",
        ("dpkg",),
        ("/bin/dpkg-statoverride", "/sbin/dpkg-statoverride"),
        "its architecture is compiled in",
        texts=_DPKG[1:],
        managers=("dpkg",),
    ),
    Rule(
        "patched",
        ("bash",),
        ("/bin/bash",),
        "HOSTTYPE, MACHTYPE, OSTYPE and BASH_VERSINFO are compiled in",
        texts=((_SYSTEM, _SYSTEM), (_KERNEL, _KERNEL), ("{native_cpu}", _CPU)),
        calls="bash",
    ),
    Rule(
        "patched",
        ("make",),
        ("/bin/make",),
        "MAKE_HOST and a folder of libraries are compiled in",
        texts=((_SYSTEM, _SYSTEM), (_LIBRARIES, _LIBRARIES)),
        managers=("dpkg", "apk"),
    ),
    Rule(
        "patched",
        ("pkgconf-bin", "pkgconf"),
        ("/bin/pkgconf",),
        "the folders that it reads, and those that it leaves out, are compiled in",
        texts=_PKGCONF,
        libraries=(("libpkgconf.so", _PKGCONF),),
        managers=("dpkg", "apk"),
    ),
)
