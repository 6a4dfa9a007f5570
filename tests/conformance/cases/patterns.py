"""Corners of sources, wildcards and ignore files."""

from __future__ import annotations

from tests.conformance.case import Case, archive, folder, hard, link, text

_MEMBERS = {
    "one": text("1\n", 0o640),
    "d": folder(0o711),
    "d__two": text("2\n", 0o755),
    "link": link("d/two"),
}
_NAMES = {
    "x[1].txt": text("brackets\n"),
    "x1.txt": text("one\n"),
    "star*.txt": text("star\n"),
    "starry.txt": text("starry\n"),
    "-dash": text("dash\n"),
    "ä.txt": text("umlaut\n"),
    "q?": text("question\n"),
    "back\\slash": text("backslash\n"),
    "do$lar": text("dollar\n"),
}
_DEEP = {
    "p/a/f": text("1\n"),
    "p/b/f": text("2\n"),
    "p/b/g.md": text("3\n"),
    "p/.h/f": text("4\n"),
    "q/a/f": text("5\n"),
}

CASES = (
    Case("glob-range", "FROM scratch\nCOPY [a-b].txt [!c].md /x/\n"),
    Case("glob-escaped", "FROM scratch\nCOPY star\\\\*.txt /y/\n", _NAMES, fails=True),
    Case("glob-escaped-and-not", "FROM scratch\nCOPY sta?\\\\*.txt /y/\n", _NAMES),
    Case("glob-backslash", "FROM scratch\nCOPY star\\*.txt /y/\n", _NAMES),
    Case("glob-question", "FROM scratch\nCOPY ?.txt /y/\nCOPY q? /z/\n", _NAMES),
    Case("glob-odd-names", 'FROM scratch\nCOPY ["-dash", "ä.txt", "/y/"]\n', _NAMES),
    Case("glob-dollar", "FROM scratch\nCOPY do\\$lar /y\nCOPY 'do$lar' /z\n", _NAMES),
    Case("glob-bad", "FROM scratch\nCOPY [a.txt /y/\n", fails=True),
    Case("glob-hidden", "FROM scratch\nCOPY p/* /x/\nCOPY p/.* /y/\n", _DEEP),
    Case("glob-one-folder", "FROM scratch\nCOPY p* /x\n", _DEEP),
    Case("glob-one-folder-slash", "FROM scratch\nCOPY p*/ /x/\nCOPY */a/ /y\n", _DEEP),
    Case("glob-deep", "FROM scratch\nCOPY */*/f /x/\nCOPY p/?/f /y/\n", _DEEP),
    Case("glob-of-links", "FROM scratch\nCOPY link* /x/\nCOPY dir/i* /y/\n"),
    Case(
        "glob-file-for-folder",
        "FROM scratch\nCOPY */ /x/\n",
        {"f": text("1\n"), "d/g": text("2\n"), "d/h": text("3\n")},
        tree=False,
    ),
    Case("source-trailing-slash-file", "FROM scratch\nCOPY a.txt/ /x\n"),
    Case("source-trailing-slash-link", "FROM scratch\nCOPY linkdir/ /x\nCOPY linkdir/. /y\n"),
    Case("source-dots", "FROM scratch\nCOPY ./dir/../a.txt dir/./one /x/\nCOPY .. /y/\n"),
    Case("source-absolute", "FROM scratch\nCOPY /a.txt /dir /x/\n"),
    Case("source-twice", "FROM scratch\nCOPY a.txt a.txt ./a.txt /x/\n"),
    Case("source-empty-folder", "FROM scratch\nCOPY dir/sub/void /x\nCOPY dir/sub/void /y/z/\n"),
    Case("source-quoted", "FROM scratch\nCOPY \"a.txt\" 'b.txt' /x/\n"),
    Case("source-case", "FROM scratch\nCOPY A.TXT /x\n", fails=True),
    Case("source-variable-glob", "FROM scratch\nARG g=*.txt\nCOPY $g /x/\n"),
    Case(
        "source-variable-words",
        'FROM scratch\nARG f="a.txt b.txt"\nCOPY $f /x/\n',
        fails=True,
    ),
    Case("destination-dots", "FROM scratch\nWORKDIR /w\nCOPY a.txt ../../../x/./y/../z\n"),
    Case("destination-folder-slash", "FROM busybox\nCOPY a.txt /etc/passwd/\n", fails=True),
    Case("destination-parent-file", "FROM busybox\nCOPY a.txt /etc/passwd/x\n", fails=True),
    Case(
        "destination-link-loop",
        "FROM busybox\nRUN ln -s /l2 /l1 && ln -s /l1 /l2\nCOPY a.txt /l1\n",
        fails=True,
    ),
    Case(
        "destination-link-outside",
        "FROM busybox\nRUN ln -s ../../../../w /l\nCOPY a.txt /l/x/\nCOPY dir /l\n",
    ),
    Case(
        "setuid-of-context",
        "FROM scratch\nCOPY s d /x/\n",
        {"s": text("s\n", 0o6755)}
        | {
            "d": folder(0o3777),
            "d/e": text("e\n", 0o4711),
        },
    ),
    Case("glob-of-broken-links", "FROM scratch\nCOPY dir/b* /y/\n", fails=True),
    Case("chmod-four", "FROM scratch\nCOPY --chmod=04755 run.sh /x\nCOPY --chmod=7 a.txt /y\n"),
    Case(
        "mode-variable",
        "FROM scratch\nARG m=640\nCOPY --chmod=$m a.txt /x\n",
        same_as="FROM scratch\nCOPY --chmod=640 a.txt /x\n",
        source="BuildKit of 2026: --chmod is expanded",
    ),
    Case("chmod-empty", "FROM scratch\nCOPY --chmod= a.txt /x\n"),
    Case("chown-empty", "FROM scratch\nCOPY --chown= a.txt /x\n"),
    Case("chown-colon", "FROM busybox\nCOPY --chown=worker: a.txt /x\nCOPY --chown=: a.txt /y\n"),
    Case("chown-large", "FROM scratch\nCOPY --chown=65534:60000 dir /x\n"),
    Case("from-empty", "FROM scratch\nCOPY --from= a.txt /x\n"),
    Case("from-number-high", "FROM scratch\nCOPY --from=7 a.txt /x\n", fails=True),
    Case("from-itself-number", "FROM scratch\nCOPY --from=0 a.txt /x\n", fails=True),
    Case("from-context", "FROM scratch\nCOPY --from=context a.txt /x\n", fails=True),
    Case("from-scratch", "FROM busybox\nCOPY --from=scratch / /x\n"),
    Case(
        "from-fifo",
        "FROM busybox AS one\nRUN mkdir /o && busybox mkfifo -m 640 /o/p\n"
        "FROM scratch\nCOPY --from=one /o /x\nCOPY --from=one /o/p /y\n",
    ),
    Case(
        "add-archive-over-links",
        "FROM busybox\nRUN mkdir -p /x /real && ln -s /real /x/d\nADD box /x\n",
        {"box": archive("", **_MEMBERS)},
    ),
    Case(
        "add-archive-over-files",
        "FROM busybox\nRUN mkdir -p /x/d && chmod 700 /x/d && echo old > /x/one\nADD box /x/\n",
        {"box": archive("", **_MEMBERS)},
    ),
    Case(
        "add-archive-hard-mode",
        "FROM scratch\nADD box /x/\n",
        {"box": archive("", one=text("1\n", 0o640), second=hard("one"))},
    ),
    Case(
        "add-two-archives",
        "FROM scratch\nADD box crate /x/\n",
        {"box": archive("", **_MEMBERS), "crate": archive("gz", other=text("o\n"))},
    ),
    Case(
        "ignore-crlf-bom",
        "FROM scratch\nCOPY . /x\n",
        {".dockerignore": text("\ufeff*.txt\r\n \r\n/dir/  \r\n#!a.txt\r\n")},
    ),
    Case(
        "ignore-sets",
        "FROM scratch\nCOPY . /x\n",
        {".dockerignore": text("[a-b].txt\n?.md\ndir/*/deep\n")},
    ),
    Case(
        "ignore-dots",
        "FROM scratch\nCOPY . /x\n",
        {".dockerignore": text("./a.txt\n../b.txt\ndir/../c.md\nother/.\n/\n")},
    ),
    Case(
        "ignore-everything",
        "FROM scratch\nCOPY . /x\n",
        {".dockerignore": text("**\n")},
    ),
    Case(
        "ignore-everything-but",
        "FROM scratch\nCOPY . /x\n",
        {".dockerignore": text(".\n!a.txt\n")},
    ),
    Case(
        "ignore-parent-again",
        "FROM scratch\nCOPY . /x\n",
        {".dockerignore": text("dir\n!dir/sub\ndir/sub/d*\n!dir/sub/void/\n")},
    ),
    Case(
        "ignore-bang-only",
        "FROM scratch\nCOPY . /x\n",
        {".dockerignore": text("!\n*.txt\n")},
        fails=True,
    ),
    Case(
        "ignore-spaces",
        "FROM scratch\nCOPY . /x\n",
        {".dockerignore": text("with space.txt\n  a.txt  \n! a.txt\n\tb.txt\n")},
    ),
    Case(
        "ignore-double-star-middle",
        "FROM scratch\nCOPY . /x\n",
        _DEEP | {".dockerignore": text("p/**/f\n!p/**/a/f\nq**\n")},
    ),
    Case(
        "ignore-mount",
        "FROM busybox\nRUN --mount=target=/c ls -A /c /c/dir > /x\n",
        {".dockerignore": text("*.txt\ndir/sub\n")},
    ),
    Case(
        "ignore-wildcard-source",
        "FROM scratch\nCOPY *.txt /x/\n",
        {".dockerignore": text("a.txt\nwith*\n")},
    ),
)
