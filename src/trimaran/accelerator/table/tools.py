"""Programs that are the same on every CPU."""

from __future__ import annotations

from trimaran.accelerator.table.rule import Rule, inside

_COREUTILS = """
[ b2sum base32 base64 basename basenc cat chcon chgrp chmod chown cksum comm cp csplit cut date dd
df dir dircolors dirname du echo env expand expr factor false fmt fold groups head id
install join link ln logname ls md5sum mkdir mkfifo mknod mktemp mv nice nl nohup nproc paste
pathchk pinky pr printenv ptx pwd readlink realpath rm rmdir runcon sha1sum sha224sum sha256sum
sha384sum sha512sum shred shuf sleep split stat stty sum sync tac tail tee test timeout touch tr
true truncate tsort tty unexpand uniq unlink users vdir wc who whoami yes"""
_GIT = "daemon http-backend http-fetch http-push imap-send remote-http sh-i18n--envsubst shell"
_USERS = "groupadd groupdel groupmod useradd userdel usermod"
_OWN = "reads and writes files and streams, whose forms are the same on every CPU"
_READS = "it reads what it compresses as numbers of its CPU"
_SETS = "its result is the same on every CPU"

NEUTRAL: tuple[Rule, ...] = (
    Rule("neutral", ("coreutils",), inside("/bin", _COREUTILS), _OWN),
    Rule(
        "neutral",
        ("coreutils",),
        ("/bin/sort",),
        _OWN + "; --general-numeric-sort reads long double, which is another on every CPU",
        calls="sort",
    ),
    Rule("neutral", ("dash",), ("/bin/dash",), "a shell that knows no name of a machine"),
    Rule("neutral", ("findutils",), inside("/bin", "find xargs locate"), _OWN),
    Rule("neutral", ("diffutils",), inside("/bin", "cmp diff diff3 sdiff"), _OWN),
    Rule("neutral", ("grep",), ("/bin/grep",), _OWN),
    Rule("neutral", ("sed",), ("/bin/sed",), _OWN),
    Rule("neutral", ("mawk",), ("/bin/mawk",), _OWN),
    Rule(
        "neutral",
        ("gawk",),
        ("/bin/gawk",),
        _OWN + "; extensions are the target's, so none are loaded",
        fields=(
            *("m-l", "m--load", "m@load", "zAWKLIBPATH"),
            *("n--version", "n-V", "zGAWK_PERSIST_FILE"),  # 64 bits only
        ),
    ),
    Rule("neutral", ("tar",), ("/bin/tar",), _OWN),
    Rule("neutral", ("gzip",), ("/bin/gzip",), _OWN),
    Rule("neutral", ("bzip2",), inside("/bin", "bzip2 bunzip2 bzcat bzip2recover"), _OWN),
    Rule(
        "neutral",
        ("xz-utils", "xz"),
        inside("/bin", "xz xzdec lzmadec lzmainfo"),
        _OWN + "; how much memory there is, is another thing for 32 bits",
        fields=("m--info-memory",),
    ),
    Rule(
        "neutral",
        ("zstd",),
        inside("/bin", "zstd pzstd"),
        _OWN + "; its version tells the size of pointers",
        fields=("m-V", "m-v", "n--version", "n--verbose"),
        byte_order=_READS,
    ),
    Rule("neutral", ("lz4",), ("/bin/lz4",), _OWN, byte_order=_READS, width=_READS),
    Rule(
        "neutral",
        ("unzip",),
        inside("/bin", "unzip unzipsfx funzip zipinfo"),
        _OWN,
        converts=True,
    ),
    Rule("neutral", ("zip",), inside("/bin", "zip zipcloak zipnote zipsplit"), _OWN),
    Rule(
        "neutral",
        ("cpio",),
        ("/bin/cpio",),
        _OWN,
        byte_order="its first format is in the byte order of its CPU",
    ),
    Rule(
        "neutral",
        ("rsync",),
        ("/bin/rsync",),
        _OWN + "; its version tells what its CPU can do",
        fields=("m-V", "n--version", "m--iconv"),
    ),
    Rule("neutral", ("patch",), ("/bin/patch",), _OWN),
    Rule("neutral", ("m4",), ("/bin/m4",), _OWN),
    Rule("neutral", ("bison",), ("/bin/bison",), "writes C from a grammar"),
    Rule("neutral", ("flex",), ("/bin/flex",), "writes C from patterns"),
    Rule("neutral", ("gperf",), ("/bin/gperf",), "writes C from a list of words"),
    Rule("neutral", ("re2c",), inside("/bin", "re2c re2go re2rust"), "writes C from patterns"),
    Rule(
        "neutral",
        ("ninja-build", "ninja"),
        ("/bin/ninja",),
        "starts what its file says",
        byte_order="its logs are in the byte order of its CPU",
    ),
    Rule(
        "neutral",
        ("file",),
        ("/bin/file",),
        _OWN,
        byte_order="what it knows of files is in the byte order of its CPU",
    ),
    Rule(
        "neutral",
        ("gettext",),
        inside("/bin", "msgfmt msgmerge xgettext"),
        _OWN,
        fields=("n-j", "m--j", "m--cs"),  # start compilers
        converts=True,
    ),
    Rule("neutral", ("debianutils",), inside("/bin", "ischroot run-parts tempfile"), _SETS),
    Rule("neutral", ("bsdutils", "util-linux"), ("/bin/logger",), "writes to a socket"),
    Rule("neutral", ("hostname",), ("/bin/hostname",), _SETS),
    Rule("neutral", ("gpgv",), ("/bin/gpgv",), "checks signatures"),
    Rule("neutral", ("sqv",), ("/bin/sqv",), "checks signatures"),
    Rule(
        "neutral",
        ("util-linux", "util-linux-core"),
        inside("/bin", "flock getopt mcookie mountpoint rev"),
        _SETS,
    ),
    Rule(
        "neutral",
        ("passwd", "shadow-utils"),
        (*inside("/sbin", _USERS), *inside("/bin", _USERS)),
        _SETS,
    ),
    Rule(
        "neutral",
        ("git", "git-core"),
        ("/bin/git", "/lib/git-core/git", "/libexec/git-core/git"),
        "its objects are the same on every CPU; --build-options tells the machine",
        fields=("n--build-options", "nbugreport", "ndiagnose"),
    ),
    Rule(
        "neutral",
        ("git", "git-core"),
        tuple(f"/{lib}/git-core/git-{one}" for lib in ("lib", "libexec") for one in _GIT.split()),
        _OWN,
    ),
    Rule(
        "neutral",
        ("openssl",),
        ("/bin/openssl",),
        "names certificates by their digests, as ca-certificates wants; the rest is not looked at",
        fields=("grehash", "zOPENSSL_CONF", "zOPENSSL_MODULES", "zOPENSSL_ENGINES"),
    ),
    Rule("neutral", ("dpkg",), ("/bin/update-alternatives",), _SETS),
    Rule(
        "neutral",
        ("busybox",),
        ("/bin/busybox",),
        "as coreutils; what tells the machine is left out",
        fields=("buname", "barch", "nuname", "narch", "bdpkg", "brpm"),
        byte_order="some of its applets show numbers in the byte order of their CPU",
    ),
)
