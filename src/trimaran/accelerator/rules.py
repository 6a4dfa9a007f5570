"""Which programs have a native stand-in, and how it is started: a row for each group of programs.

A row counts only for files that are a package's own and unchanged (`equality`), in the places where
packages put them; what no row names is emulated. Kinds:

neutral   tells nothing of the CPU: the same program, started as it is
told      would tell the host's CPU, and is told the target's by an argument
cross     a compiler's part, of the distribution's own cross package for the target
patched   has the name of a CPU compiled in, and runs as a copy with that name changed
scripts   an interpreter, for scripts that load nothing that is compiled for the target (`perl`)
never     is emulated, with the reason that people are shown
"""

from __future__ import annotations

from typing import Literal

import msgspec

from trimaran.accelerator import perl

Kind = Literal["neutral", "told", "cross", "patched", "scripts", "never"]


class Rule(msgspec.Struct, frozen=True):
    """A row.

    Attributes:
        packages: whose the programs are, in the distributions' words; `{triplet}` is the target's.
        programs: their true paths without /usr, to which the same prefixes apply.
        why: why the kind is right, or why there is no stand-in.
        stand_in: its path in the kit, if that is another than the program's.
        fields: conditions and arguments, in the interpreter's words (`answers`).
        behind: arguments behind those of the caller.
        texts: of patched programs: forms of C strings in the stand-in, and of what they are in the
            target's own program (`patching.texts`).
        libraries: of patched programs: the beginnings of the names of libraries, and their texts.
        otherwise: fields if the target's name is of another length, for which C++ has no room.
        plugin: whether it loads gcc's plug-in that it is told of, or one that it finds.
    """

    kind: Kind
    packages: tuple[str, ...]
    programs: tuple[str, ...]
    why: str
    stand_in: str = ""
    fields: tuple[str, ...] = ()
    behind: tuple[str, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    libraries: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
    otherwise: tuple[str, ...] = ()
    plugin: Literal["", "named", "found"] = ""


def _in(folder: str, names: str) -> tuple[str, ...]:
    return tuple(f"{folder}/{name}" for name in names.split())


_COREUTILS = """
[ b2sum base32 base64 basename basenc cat chcon chgrp chmod chown cksum comm cp csplit cut date dd
df dir dircolors dirname du echo env expand expr factor false fmt fold groups head hostid id
install join link ln logname ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc paste
pathchk pinky pr printenv ptx pwd readlink realpath rm rmdir runcon sha1sum sha224sum sha256sum
sha384sum sha512sum shred shuf sleep split stat stty sum sync tac tail tee test timeout touch tr
true truncate tsort tty unexpand uniq unlink users vdir wc who whoami yes"""
_GIT = "daemon http-backend http-fetch http-push imap-send remote-http sh-i18n--envsubst shell"
_BINUTILS = """
addr2line as c++filt dwp elfedit gprof ld.bfd ld.gold objcopy objdump readelf size strings strip"""
_OWN = "reads and writes files and streams, whose forms are the same on every CPU"
_SETS = "its result is the same on every CPU"
_TELLS = "it tells the machine that it runs on"
_LONG = "it computes with long double, which is another on every CPU"

NEUTRAL: tuple[Rule, ...] = (
    Rule("neutral", ("coreutils",), _in("/bin", _COREUTILS), _OWN),
    Rule(
        "neutral",
        ("coreutils",),
        ("/bin/sort",),
        _OWN + "; --general-numeric-sort reads long double, which is another on every CPU",
        fields=("m-g", "m-rg", "m-ng", "m-ug", "m--g"),
    ),
    Rule("neutral", ("dash",), ("/bin/dash",), "a shell that knows no name of a machine"),
    Rule("neutral", ("findutils",), _in("/bin", "find xargs locate"), _OWN),
    Rule("neutral", ("diffutils",), _in("/bin", "cmp diff diff3 sdiff"), _OWN),
    Rule("neutral", ("grep",), ("/bin/grep",), _OWN),
    Rule("neutral", ("sed",), ("/bin/sed",), _OWN),
    Rule("neutral", ("mawk",), ("/bin/mawk",), _OWN),
    Rule(
        "neutral",
        ("gawk",),
        ("/bin/gawk",),
        _OWN + "; extensions are the target's, so none are loaded",
        fields=("m-l", "m--load", "m@load", "zAWKLIBPATH"),
    ),
    Rule("neutral", ("tar",), ("/bin/tar",), _OWN),
    Rule("neutral", ("gzip",), ("/bin/gzip",), _OWN),
    Rule("neutral", ("bzip2",), _in("/bin", "bzip2 bunzip2 bzcat bzip2recover"), _OWN),
    Rule("neutral", ("xz-utils", "xz"), _in("/bin", "xz xzdec lzmadec lzmainfo"), _OWN),
    Rule("neutral", ("zstd",), _in("/bin", "zstd pzstd"), _OWN),
    Rule("neutral", ("lz4",), ("/bin/lz4",), _OWN),
    Rule("neutral", ("unzip",), _in("/bin", "unzip unzipsfx funzip zipinfo"), _OWN),
    Rule("neutral", ("zip",), _in("/bin", "zip zipcloak zipnote zipsplit"), _OWN),
    Rule("neutral", ("cpio",), ("/bin/cpio",), _OWN),
    Rule("neutral", ("rsync",), ("/bin/rsync",), _OWN),
    Rule("neutral", ("patch",), ("/bin/patch",), _OWN),
    Rule("neutral", ("m4",), ("/bin/m4",), _OWN),
    Rule("neutral", ("bison",), ("/bin/bison",), "writes C from a grammar"),
    Rule("neutral", ("flex",), ("/bin/flex",), "writes C from patterns"),
    Rule("neutral", ("gperf",), ("/bin/gperf",), "writes C from a list of words"),
    Rule("neutral", ("re2c",), _in("/bin", "re2c re2go re2rust"), "writes C from patterns"),
    Rule("neutral", ("ninja-build", "ninja"), ("/bin/ninja",), "starts what its file says"),
    Rule("neutral", ("file",), ("/bin/file",), _OWN),
    Rule("neutral", ("gettext",), _in("/bin", "msgfmt msgmerge xgettext msginit"), _OWN),
    Rule("neutral", ("debianutils",), _in("/bin", "run-parts tempfile"), _SETS),
    Rule("neutral", ("hostname",), ("/bin/hostname",), _SETS),
    Rule("neutral", ("gpgv",), ("/bin/gpgv",), "checks signatures"),
    Rule("neutral", ("sqv",), ("/bin/sqv",), "checks signatures"),
    Rule("neutral", ("util-linux",), _in("/bin", "flock getopt mcookie mountpoint rev"), _SETS),
    Rule(
        "neutral",
        ("passwd",),
        _in("/sbin", "groupadd groupdel groupmod useradd userdel usermod"),
        _SETS,
    ),
    Rule(
        "neutral",
        ("git",),
        ("/bin/git", "/lib/git-core/git"),
        "its objects are the same on every CPU; --build-options tells the machine",
        fields=("n--build-options", "nbugreport", "ndiagnose"),
    ),
    Rule("neutral", ("git",), tuple(f"/lib/git-core/git-{one}" for one in _GIT.split()), _OWN),
    Rule("neutral", ("dpkg",), ("/bin/update-alternatives",), _SETS),
    Rule(
        "neutral",
        ("busybox",),
        ("/bin/busybox",),
        "as coreutils; what tells the machine is left out",
        fields=("buname", "barch", "nuname", "narch", "bdpkg", "brpm"),
    ),
)

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
TOLD: tuple[Rule, ...] = (
    Rule(
        "told",
        ("apt",),
        _in("/bin", "apt apt-get apt-cache apt-cdrom apt-config apt-mark"),
        "its architecture is compiled into its libraries",
        libraries=_APT_LIBRARIES,
        otherwise=_APT_ARCHITECTURE,
    ),
    Rule(
        "told",
        ("apt-utils", "apt"),
        (
            *_in("/bin", "apt-extracttemplates apt-sortpkgs"),
            *_in("/lib/apt", "apt-extracttemplates apt-helper planners/dump solvers/dump"),
        ),
        "its architecture is compiled into its libraries",
        libraries=_APT_LIBRARIES,
        otherwise=_APT_ARCHITECTURE,
    ),
    Rule(
        "neutral",
        ("apt",),
        _in("/lib/apt/methods", "copy file gpgv http mirror rred sqv store"),
        "does what apt asks of it",
    ),
)

_DPKG = (("{native}", "{debian}"), (r"\d[\w.~+-]* \({native}\)", r"\d[\w.~+-]* \({debian}\)"))
_SYSTEM = r"[a-z0-9_]+-[a-z]+-linux-(?:gnu|musl)[a-z0-9]*"
_CPU = r"([a-z0-9_]+)-[a-z]+-linux-(?:gnu|musl)[a-z0-9]*"
_LIBRARIES = r"/usr/lib/[a-z0-9_]+-linux-gnu[a-z0-9]*"
PATCHED: tuple[Rule, ...] = (
    Rule(
        "patched",
        ("dpkg",),
        _in("/bin", "dpkg dpkg-deb dpkg-divert dpkg-query dpkg-split dpkg-trigger"),
        "its architecture is compiled in",
        texts=_DPKG,
    ),
    Rule(
        "patched",
        ("dpkg",),
        ("/bin/dpkg-statoverride", "/sbin/dpkg-statoverride"),
        "its architecture is compiled in",
        texts=_DPKG[1:],
    ),
    Rule(
        "patched",
        ("bash",),
        ("/bin/bash",),
        "HOSTTYPE, MACHTYPE and BASH_VERSINFO are compiled in",
        texts=((_SYSTEM, _SYSTEM), ("{native_cpu}", _CPU)),
    ),
    Rule(
        "patched",
        ("make",),
        ("/bin/make",),
        "MAKE_HOST and a folder of libraries are compiled in",
        texts=((_SYSTEM, _SYSTEM), (_LIBRARIES, _LIBRARIES)),
    ),
)

_LIBEXEC = "/{libexec}/gcc/{triplet}/{gcc}"
_CROSS = "/usr/{libexec}/gcc-cross/{triplet}/{gcc}"
_NO_PREFIX = ("zGCC_EXEC_PREFIX", "n-iprefix", "m-fplugin", "n-frecord-gcc-switches", "n-v")
_PREFIX = ("a-iprefix", "a/usr/lib/gcc/{triplet}/{gcc}/")
_BACKENDS = ("m/usr/lib/llvm", "mLLVMgold")
CROSS: tuple[Rule, ...] = (
    Rule(
        "cross",
        ("cpp-{gcc}-{triplet}", "cpp-{gcc}"),
        (f"{_LIBEXEC}/cc1",),
        "the same source, which computes nothing by the CPU that it runs on",
        stand_in=f"{_CROSS}/cc1",
        fields=(*_NO_PREFIX, *_PREFIX),
    ),
    Rule(
        "cross",
        ("g++-{gcc}-{triplet}", "g++-{gcc}"),
        (f"{_LIBEXEC}/cc1plus",),
        "as cc1; the C++ library's folders come behind those of the caller, which -E shows",
        stand_in=f"{_CROSS}/cc1plus",
        fields=(*_NO_PREFIX, "n-nostdinc", "n-nostdinc++", "n-E", "zCPLUS_INCLUDE_PATH", *_PREFIX),
        behind=(
            "a-isystem",
            "a/usr/include/c++/{gcc}",
            "a-isystem",
            "a/usr/include/{multiarch}/c++/{gcc}",
            "a-isystem",
            "a/usr/include/c++/{gcc}/backward",
        ),
    ),
    Rule(
        "cross",
        ("gcc-{gcc}-{triplet}", "gcc-{gcc}"),
        (f"{_LIBEXEC}/lto1",),
        "as cc1",
        stand_in=f"{_CROSS}/lto1",
        fields=_NO_PREFIX,
    ),
    Rule(
        "cross",
        ("binutils-{triplet}",),
        tuple(f"/bin/{{triplet}}-{name}" for name in _BINUTILS.split()),
        "the same package on every CPU; gcc's plug-in is replaced by the cross package's",
        fields=_BACKENDS,
        plugin="named",
    ),
    Rule(
        "cross",
        ("binutils-{triplet}",),
        tuple(f"/bin/{{triplet}}-{name}" for name in ("ar", "nm", "ranlib")),
        "as the others; told of the plug-in that it would find beside itself",
        fields=_BACKENDS,
        plugin="found",
    ),
)

SCRIPTS: tuple[Rule, ...] = (
    Rule(
        "scripts",
        ("perl-base",),
        ("/bin/perl",),
        "the language is the same on every CPU; packages' own scripts that load no other module",
        fields=perl.CONDITIONS,
    ),
)

_NEVER = (
    (("coreutils", "busybox"), "/bin/uname", _TELLS),
    (("coreutils",), "/bin/arch", _TELLS),
    (("coreutils",), "/bin/printf", _LONG),
    (("coreutils",), "/bin/seq", _LONG),
    (("coreutils",), "/bin/numfmt", _LONG),
    (("coreutils",), "/bin/od", "it shows numbers in the byte order and the forms of its CPU"),
    (("coreutils",), "/bin/stdbuf", "it gives its children a library of the target"),
    (("coreutils",), "/sbin/chroot", "what it starts does not see the stand-ins"),
    (("libc-bin",), "/sbin/ldconfig", "it reads libraries of its own CPU"),
    (("libc-bin",), "/bin/localedef", "it writes in the byte order of its CPU"),
    (("util-linux",), "/bin/setarch", _TELLS),
)
NEVER: tuple[Rule, ...] = tuple(
    Rule("never", packages, (path,), why) for packages, path, why in _NEVER
)
RULES: tuple[Rule, ...] = (*NEUTRAL, *TOLD, *PATCHED, *CROSS, *SCRIPTS, *NEVER)
