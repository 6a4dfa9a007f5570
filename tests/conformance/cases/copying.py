"""COPY of local files and from stages, with all of its flags."""

from __future__ import annotations

from tests.conformance.case import Case, folder, link, text

_REFERENCE = "Dockerfile reference, COPY"

CASES = (
    Case("copy-file", "FROM scratch\nCOPY a.txt /\n", fast=True),
    Case("copy-file-to-name", "FROM scratch\nCOPY a.txt /x/y/z\n", fast=True),
    Case("copy-modes", "FROM scratch\nCOPY a.txt b.txt c.md run.sh odd empty /x/\n", fast=True),
    Case("copy-all", "FROM scratch\nCOPY . /all\n", fast=True),
    Case("copy-all-to-root", "FROM busybox\nCOPY . .\n"),
    Case("copy-folder", "FROM scratch\nCOPY dir /d\nCOPY dir/ /e/\nCOPY dir/sub /f/\n", fast=True),
    Case("copy-two-folders", "FROM scratch\nCOPY dir other /d/\n"),
    Case("copy-several-without-slash", "FROM scratch\nCOPY a.txt c.md /x\n"),
    Case("copy-several-to-folder", "FROM scratch\nWORKDIR /x\nCOPY a.txt c.md /x\nCOPY b.txt .\n"),
    Case("copy-wildcard", "FROM scratch\nCOPY *.txt /t/\nCOPY d?r/o* /o/\n", fast=True),
    Case("copy-wildcard-sets", "FROM scratch\nCOPY [ab].txt /t/\nCOPY [^ab].md /u/\n", fast=True),
    Case("copy-wildcard-bang", "FROM scratch\nCOPY [!a].txt /t/\n"),
    Case(
        "copy-wildcard-folders",
        "FROM scratch\nCOPY */ /x/\n",
        {"f": text("1\n"), "d/g": text("2\n")},
        tree=False,
    ),
    Case("copy-wildcard-deep", "FROM scratch\nCOPY */one /x/\nCOPY d*/s*/* /y/\n"),
    Case("copy-wildcard-nothing", "FROM scratch\nCOPY a.txt *.none /x/\nCOPY *.nil /y/\n"),
    Case("copy-wildcard-two-stars", "FROM scratch\nCOPY **/one /x/\n"),
    Case("copy-missing", "FROM scratch\nCOPY nowhere /x\n", fails=True, fast=True),
    Case("copy-escaping", "FROM scratch\nCOPY ../../a.txt /../x/../y\n"),
    Case("copy-json", 'FROM scratch\nCOPY ["with space.txt", "a.txt", "/x y/"]\n', fast=True),
    Case("copy-json-quotes", 'FROM scratch\nCOPY ["a.txt", "/\\"q\'x\'"]\n', fails=True),
    Case("copy-brackets", "FROM scratch\nCOPY [[]x].txt /y/\n", {"[x].txt": text("brackets\n")}),
    Case(
        "copy-link-source", "FROM scratch\nCOPY link /x\nCOPY linkdir /y\nCOPY link dir/inner /z/\n"
    ),
    Case("copy-link-source-in-path", "FROM scratch\nCOPY linkdir/one /x\n"),
    Case(
        "copy-absolute-link",
        "FROM scratch\nCOPY abs /x\nCOPY up /y\n",
        {"abs": link("/a.txt"), "up": link("../../../a.txt")},
    ),
    Case("copy-dangling-link", "FROM scratch\nCOPY lost /x\n", {"lost": link("gone")}, fails=True),
    Case(
        "copy-onto-link",
        "FROM busybox\nRUN mkdir -p /real && ln -s /real /alias && ln -s real/new /dangling\n"
        "COPY a.txt /alias\nCOPY dir /alias/\nCOPY b.txt /dangling\n",
    ),
    Case(
        "copy-folder-onto-inner-link",
        "FROM busybox\nRUN mkdir -p /d /real && ln -s /real /d/sub\nCOPY dir /d\n",
        fails=True,
    ),
    Case(
        "copy-file-onto-inner-link",
        "FROM busybox\nRUN mkdir -p /d && echo kept > /real && ln -s /real /d/one\nCOPY dir /d\n",
    ),
    Case(
        "copy-onto-folder-with-mode",
        "FROM busybox\nRUN mkdir -p -m 711 /d/sub && chown -R 5:6 /d\nCOPY dir /d\n"
        "COPY other /d/\n",
    ),
    Case("copy-file-onto-folder", "FROM busybox\nCOPY a.txt /bin\nCOPY dir/sub/deep /etc/\n"),
    Case("copy-folder-onto-file", "FROM scratch\nCOPY a.txt /x\nCOPY dir /x\n", fails=True),
    Case(
        "copy-relative", "FROM scratch\nWORKDIR /w/x\nCOPY a.txt ./y/\nCOPY b.txt ../z\n", fast=True
    ),
    Case("copy-to-dot", "FROM scratch\nWORKDIR /w\nCOPY a.txt .\nCOPY dir .\nCOPY dir ./\n"),
    Case(
        "copy-variables",
        "FROM scratch\nARG f=a d=/v\nENV e=txt\nCOPY $f.${e} ${d}/$e/\n",
        fast=True,
    ),
    Case("copy-into-odd-names", 'FROM scratch\nCOPY a.txt "/x y"\n', fails=True),
    Case("copy-overwrites", "FROM scratch\nCOPY a.txt /x\nCOPY odd /x\nCOPY b.txt /x\n"),
    # Owners and modes
    Case(
        "chown-ids",
        "FROM scratch\nCOPY --chown=5:6 dir /x/d\nCOPY --chown=7 a.txt /y/\n",
    ),
    Case(
        "chown-names",
        "FROM busybox\nCOPY --chown=worker dir /a/b\nCOPY --chown=worker:tools a.txt /c\n"
        "COPY --chown=:tools a.txt /d\nCOPY --chown=nobody:5 a.txt /e/\n",
    ),
    Case(
        "chown-unknown-names",
        "FROM busybox\nCOPY --chown=who a.txt /a\nCOPY --chown=worker:which a.txt /b\n"
        "COPY --chown=1000 a.txt /c\nCOPY --chown=4000 a.txt /d\n",
    ),
    Case("chown-name-in-scratch", "FROM scratch\nCOPY --chown=worker a.txt /\n", fails=True),
    Case(
        "chown-existing-folder",
        "FROM busybox\nRUN mkdir -p /a && chown 3:3 /a\nCOPY --chown=5:6 dir /a\n"
        "COPY --chown=7:8 a.txt /a/new/x/\n",
    ),
    Case("chown-variable", "FROM scratch\nARG o=9:10\nCOPY --chown=$o a.txt /\n"),
    Case("chmod-octal", "FROM scratch\nCOPY --chmod=750 a.txt run.sh /x/y/\n"),
    Case("chmod-octal-600", "FROM scratch\nCOPY --chmod=0600 a.txt /x/y/\n"),
    Case("chmod-octal-folder", "FROM scratch\nCOPY --chmod=640 dir /x/y\n"),
    Case("chmod-sticky", "FROM scratch\nCOPY --chmod=1777 dir /x\nCOPY --chmod=6711 a.txt /y\n"),
    Case("chmod-link", "FROM scratch\nCOPY --chmod=700 --chown=1:2 dir/ /x\n"),
    *(
        Case(
            f"chmod-symbolic-{name}",
            f"FROM busybox\nCOPY --chmod={mode} dir /x/y\nCOPY --chmod={mode} odd /z\n",
            same_as="FROM busybox\nCOPY dir /x/y\nCOPY odd /z\n"
            f"RUN find /x/y -mindepth 1 ! -type l -exec chmod {mode} {{}} + && chmod {mode} /z\n",
            source=_REFERENCE + " --chmod: symbolic since 1.14; BuildKit leaves what it makes",
            platforms=("linux/amd64",),
        )
        for name, mode in {
            "add": "u+x,g+w",
            "set": "u=rwX,go=rX",
            "take": "go-rwx",
            "all": "a+rx",
        }.items()
    ),
    # --link
    Case("link-file", "FROM scratch\nCOPY --link a.txt /x/y\nCOPY --link dir /d/\n"),
    Case("link-over-folders", "FROM busybox\nCOPY --link a.txt /tmp/x\nCOPY --link a.txt /etc/\n"),
    Case(
        "link-over-symlink",
        "FROM busybox\nRUN mkdir /real && ln -s real /alias\nCOPY --link a.txt /alias/x\n",
    ),
    Case("link-chown", "FROM busybox\nCOPY --link --chown=5:6 --chmod=700 dir /x/y\n"),
    Case("link-workdir", "FROM busybox\nWORKDIR /w\nCOPY --link a.txt ./\nRUN cat a.txt > b\n"),
    Case(
        "link-from",
        "FROM busybox AS one\nRUN mkdir -p /o/p && echo o > /o/p/q\n"
        "FROM busybox\nCOPY --link --from=one /o /new\nCOPY --link=false --from=one /o/p/q /q\n",
    ),
    # --parents and --exclude
    Case(
        "parents",
        "FROM scratch\nCOPY --parents pair/x p/q/f /x/\n",
        {"p/q/f": text("f\n")},
        same_as="FROM scratch\nCOPY pair/x /x/pair/x\nCOPY p/q/f /x/p/q/f\n",
        source=_REFERENCE + " --parents",
    ),
    Case(
        "parents-pivot",
        "FROM scratch\nCOPY --parents p/q/./r/s/f /x/\n",
        {"p/q/r/s/f": text("f\n")},
        same_as="FROM scratch\nCOPY p/q/r/s/f /x/r/s/f\n",
        source=_REFERENCE + " --parents: what is before /./ is left out",
    ),
    Case(
        "parents-wildcard",
        "FROM scratch\nCOPY --parents p/*/f /x/\n",
        {"p/a/f": text("1\n"), "p/b/f": text("2\n"), "p/b/g": text("3\n")},
        same_as="FROM scratch\nCOPY p/a/f /x/p/a/f\nCOPY p/b/f /x/p/b/f\n",
        source=_REFERENCE + " --parents",
    ),
    Case(
        "exclude",
        "FROM scratch\nCOPY --exclude=*.txt --exclude=sub dir /x\n",
        same_as="FROM scratch\nCOPY dir/one dir/.hidden /x/\nCOPY links /x/\n",
        files={"links": folder(), "links/inner": link("one"), "links/broken": link("../nowhere")},
        source=_REFERENCE + " --exclude",
    ),
    Case(
        "exclude-deep",
        "FROM scratch\nCOPY --exclude=**/f p /x\n",
        {"p/a/f": text("1\n"), "p/b/f": text("2\n"), "p/b/g": text("3\n")},
        same_as="FROM scratch\nCOPY p/b/g /x/b/\nWORKDIR /x/a\nWORKDIR /\n",
        source=_REFERENCE + " --exclude",
    ),
    Case(
        "exclude-not-a-file",
        "FROM scratch\nCOPY --exclude=*.txt *.txt /x/\n",
        same_as="FROM scratch\nCOPY *.txt /x/\n",
        source="BuildKit: a source that is a file is never excluded",
    ),
    # From stages
    Case(
        "from-keeps-all",
        "FROM busybox AS one\nRUN mkdir -p /o/p && echo 1 > /o/a && ln /o/a /o/b && chmod 4711 /o/a"
        " && chown 5:6 /o/a && ln -s a /o/c && chown -h 7:8 /o/c && touch /o/z && chmod 1770 /o/p\n"
        "FROM scratch\nCOPY --from=one /o /x\nCOPY --from=one /o/a /o/b /y/\n",
    ),
    Case(
        "from-chown",
        "FROM busybox AS one\nRUN mkdir -p /o && echo 1 > /o/a && chmod 4711 /o/a && chown 5:6 /o/a\n"
        "FROM scratch\nCOPY --from=one --chown=9:9 /o /x\nCOPY --from=one --chmod=600 /o/a /y\n",
    ),
    Case(
        "from-links",
        "FROM busybox AS one\nRUN mkdir /o && echo 1 > /o/a && ln -s /o/a /l && ln -s o /d\n"
        "FROM scratch\nCOPY --from=one /l /x\nCOPY --from=one /d /y\nCOPY --from=one /d/a /z\n",
    ),
    Case(
        "from-wildcard",
        "FROM busybox AS one\nFROM scratch\nCOPY --from=one /etc/pass* /bin/s* /x/\n",
    ),
    Case(
        "from-root",
        "FROM scratch AS one\nCOPY dir /dir\nFROM scratch\nCOPY --from=one / /\n",
        fast=True,
    ),
    Case(
        "from-number",
        "FROM scratch\nCOPY a.txt /\nFROM scratch\nCOPY --from=0 a.txt /b\n",
        fast=True,
    ),
    Case("from-image", "FROM scratch\nCOPY --from=busybox /bin/busybox /etc/group /x/\n"),
    Case(
        "from-relative",
        "FROM scratch AS one\nWORKDIR /w\nCOPY a.txt .\nFROM scratch\nCOPY --from=one w/a.txt .\n",
    ),
    Case(
        "from-missing",
        "FROM scratch AS one\nCOPY a.txt /\nFROM scratch\nCOPY --from=one /b /\n",
        fails=True,
    ),
    # Ignored
    Case(
        "ignore",
        "FROM scratch\nCOPY . /x\n",
        {".dockerignore": text("# none\n*.txt\n!a.txt\ndir/sub\n/other/\n**/inner\n")},
        fast=True,
    ),
    Case(
        "ignore-exceptions",
        "FROM scratch\nCOPY . /x\n",
        {".dockerignore": text("*\n!dir/sub/deep\n!pair\npair/y\n")},
    ),
    Case(
        "ignore-double-star",
        "FROM scratch\nCOPY . /x\n",
        {".dockerignore": text("**/*.txt\n**/sub/**\n!**/two.txt\nDockerfile\n.dockerignore\n")},
    ),
    Case(
        "ignore-own",
        "FROM scratch\nCOPY . /x\n",
        {"Dockerfile.dockerignore": text("dir\n*.md\n"), ".dockerignore": text("*.txt\n")},
    ),
    Case(
        "ignored-source",
        "FROM scratch\nCOPY a.txt /x\n",
        {".dockerignore": text("a.txt\n")},
        fails=True,
    ),
)
