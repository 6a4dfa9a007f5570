"""What a compiler kit holds: the distribution's cross packages, and the tools that builds use.

A kit is made from the native sibling of the base, by its own package manager. Which packages are
worth it is read from what the steps say: the names of packages and of programs are mostly the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from trimaran.accelerator.packages import Database
from trimaran.accelerator.targets import triplet_of
from trimaran.machines import Machine

_UPGRADES = re.compile(
    r"(?<![\w.-]) (?: apt | apt-get | aptitude | apk ) \b [^;&|\n]* \s"
    r" (?:dist-|full-|safe-)? upgrade (?![\w-])",
    re.VERBOSE,
)
_WORD = re.compile(r"[a-z0-9][a-z0-9+.-]*[a-z0-9+]", re.IGNORECASE)
_COMPILES = re.compile(
    r"""(?x) (?<![\w.-]) (?:
        build-essential | build-base | build-deps?
        | (?: [gc]\+\+ | gcc | cc | cpp | gfortran ) (?:-\d+)?
        | clang(?:-\d+|\+\+)? | g?make | cmake | ninja(?:-build)? | meson | (?:\./)?configure
        | autoreconf | autoconf | autogen\.sh | bootstrap\.sh | libtoolize
        | debhelper | dpkg-buildpackage | debuild | rpmbuild | makepkg | abuild
        | golang(?:-\d[\d.]*)?(?:-go|-any)? | go \s+ (?:build|install|test|run|get|generate)
        | cargo | rustc | rustup
        | pip3? \s+ (?:install|wheel) | uv \s+ (?:pip|sync) | poetry \s+ install
        | npm \s+ (?:ci|install|i|rebuild) | yarn (?:\s+install)? | pnpm \s+ i(?:nstall)? | node-gyp
        | gem \s+ install | bundle \s+ install | cpanm? | pecl
        | docker-php-ext-(?:install|configure)
        | (?:[\w.+-]+-dev(?:el)?)
    ) (?![\w-])"""
)
_INSTALLS = re.compile(r"(?<![\w-])apt(?:-get)?\s[^&|;]*\binstall\b")
# What a word in a step asks for, in Debian's names. A package that is asked for is its own entry.
_TOOLS: dict[str, tuple[str, ...]] = {
    "autoconf": ("autoconf", "m4", "perl"),
    "automake": ("automake", "autoconf", "m4", "perl"),
    "autoreconf": ("autoconf", "automake", "m4", "perl"),
    "bison": ("bison", "m4"),
    "bzip2": ("bzip2",),
    "cmake": ("cmake", "make"),
    "cpio": ("cpio",),
    "debhelper": ("dpkg-dev", "file", "make", "perl", "xz-utils"),
    "desktop-file-utils": ("desktop-file-utils",),
    "file": ("file",),
    "flex": ("flex", "m4"),
    "gawk": ("gawk",),
    "gettext": ("gettext",),
    "git": ("git",),
    "golang": ("golang-go",),
    "golang-any": ("golang-go",),
    "golang-go": ("golang-go",),
    "gperf": ("gperf",),
    "install-info": ("install-info",),
    "m4": ("m4",),
    "make": ("make",),
    "meson": ("ninja-build",),
    "ninja": ("ninja-build",),
    "ninja-build": ("ninja-build",),
    "openssh-client": ("openssh-client",),
    "openssh-server": ("openssh-client",),
    "patch": ("patch",),
    "perl": ("perl",),
    "pkg-config": ("pkgconf",),
    "pkgconf": ("pkgconf",),
    "re2c": ("re2c",),
    "rsync": ("rsync",),
    "shared-mime-info": ("shared-mime-info",),
    "ssh": ("openssh-client",),
    "unzip": ("unzip",),
    "xz-utils": ("xz-utils",),
    "zip": ("zip",),
    "zstd": ("zstd",),
}
_ALWAYS = (
    *("bzip2", "file", "make", "openssl", "patch", "perl", "python3-minimal", "xz-utils"),
    *("liblocale-gettext-perl", "libtext-charwidth-perl", "libtext-iconv-perl"),  # of debconf
)
_FAMILIES = (("gcc", r"(?:gcc|g\+\+|cpp)"), ("g++", r"(?:gcc|g\+\+)"))
_VERSIONS = range(9, 20)
_ALPINE_ALWAYS = ("file", "make", "patch", "xz")
_ALPINE = {
    *("autoconf", "automake", "bash", "bison", "bzip2", "clang", "cmake", "coreutils", "cpio"),
    *("diffutils", "findutils", "flex", "gawk", "gettext", "git", "gperf", "grep", "gzip", "lld"),
    *("m4", "ninja", "perl", "pkgconf", "rsync", "sed", "tar", "unzip", "zip", "zstd"),
}
# What brings the media types' database, whose setting up takes an emulated CPU 15 s.
_DESKTOP = re.compile(
    r"chromium|ffmpeg|inkscape|librsvg2-bin|(?:default|openjdk-\d+)-j(?:dk|re)"
    r"|lib(?:gdk-pixbuf|gtk-\d|magickwand|vips)[\w.-]*"
)
_LLVM = re.compile(r"(?:clang|lld|llvm)(?:-\d+)?")
_RUST = {"cargo", "dh-cargo", "rust-all", "rustc"}
_GO = re.compile(r"(golang-[0-9.]+)(?:-go)?")
_NOT_NAMES = str.maketrans({"_": "-"})  # Debian's policy 5.6.1


def likely(text: str) -> bool:
    """Whether a step's text is likely to compile something, or to install packages.

    Those run Perl and Python when they are set up, and a base has no more than perl-base.
    """
    return any(one.search(text) for one in (_COMPILES, _INSTALLS))


def upgrades(text: str) -> bool:
    """Whether a step's text has the package manager upgrade what the base brought."""
    return _UPGRADES.search(text) is not None


def packages(
    target: Machine, database: Database, texts: Sequence[str], *, architecture: str = ""
) -> tuple[str, ...]:
    """The packages of a compiler kit, in the words of the base's package manager.

    Args:
        target: the CPU that is compiled for.
        database: of the base's native sibling.
        texts: of the steps.
        architecture: what the distribution calls the target, if that is not the row's own word:
            armel, of two that one CPU has.

    Returns:
        names, sorted. The distribution may lack one, which is then to be left out; none where
        nothing is known of the distribution, or nothing says that something will be compiled.
    """
    installed = _installed(database)
    if not installed and not any(map(likely, texts)):
        return ()
    words = {word for text in texts for word in _WORD.findall(text)}
    if database.manager == "apk":
        return tuple(sorted({*_ALPINE_ALWAYS, *(words & _ALPINE)}))
    if database.manager != "dpkg" or not target.debian:
        return ()
    triplet = triplet_of(target, architecture).translate(_NOT_NAMES)
    found = {*_ALWAYS}
    if installed or any(map(_COMPILES.search, texts)):
        found |= {f"binutils-{triplet}", *_cross(triplet, (*words, *installed))}
    for word in words:
        found.update(_TOOLS.get(word, ()))
        found.update(("shared-mime-info",) if _DESKTOP.fullmatch(word) else ())
        found.update((word,) if _LLVM.fullmatch(word) else ())
        if go := _GO.fullmatch(word):
            found.add(f"{go[1]}-go")
    if any(_RUST.intersection(_WORD.findall(one)) for one in texts if _INSTALLS.search(one)):
        found |= {"cargo", "rustc"}
    return tuple(sorted(found))


def _installed(database: Database) -> tuple[str, ...]:
    """The compilers that the base has: some step will use them, whatever its text says."""
    names = (f"gcc-{version}" for version in _VERSIONS)
    return tuple(name for name in names if database.package(name))


def _cross(triplet: str, words: Iterable[str]) -> Iterator[str]:
    """The cross compilers: the default one, and those of a version that is named or installed."""
    for family, spelling in _FAMILIES:
        yield f"{family}-{triplet}"
        numbered = re.compile(f"{spelling}-([0-9]+)")
        for word in words:
            if match := numbered.fullmatch(word):
                yield f"{family}-{match[1]}-{triplet}"
