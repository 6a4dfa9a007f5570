"""What goes into the config: LABEL, EXPOSE, VOLUME, USER, WORKDIR, CMD, HEALTHCHECK, ONBUILD, …"""

from __future__ import annotations

from tests.conformance.case import Case

_RICH_LATER = "FROM rich\n"

CASES = (
    Case(
        "label-forms",
        'FROM scratch\nCOPY empty /\nLABEL a=1 "b c"="d e" f=\'g h\' i=j\\ k l=\nLABEL m n o\nLABEL a=2\nLABEL "q"="multi\\\n line"\n',
        fast=True,
    ),
    Case("label-inherited", "FROM rich\nLABEL maker=other new=1\n"),
    Case(
        "label-option",
        "FROM scratch\nCOPY empty /\nLABEL a=1 b=2\n",
        options=("--label=b=3", "--label=c=4"),
        fast=True,
    ),
    Case("label-bad", "FROM scratch\nLABEL a\n", fails=True, fast=True),
    Case(
        "expose",
        "FROM scratch\nCOPY empty /\nEXPOSE 80 443/tcp 53/UDP 8000-8003/sctp\nEXPOSE 80\n",
        fast=True,
    ),
    Case("expose-ranges", "FROM scratch\nCOPY empty /\nEXPOSE 7000-7002 9000:9001\n"),
    Case("expose-host", "FROM scratch\nCOPY empty /\nEXPOSE 127.0.0.1:80:8080\n"),
    Case("expose-bad", "FROM scratch\nEXPOSE web\n", fails=True, fast=True),
    Case(
        "volume",
        'FROM scratch\nCOPY empty /\nVOLUME /a /b/../c rel\nVOLUME ["/d e", "/f"]\n',
        fast=True,
    ),
    Case(
        "volume-kept-writes",
        "FROM busybox\nVOLUME /v\nRUN mkdir -p /v && echo 1 > /v/x\nCOPY a.txt /v/\n",
    ),
    Case("volume-empty", "FROM scratch\nVOLUME\n", fails=True, fast=True),
    Case("user", "FROM scratch\nCOPY empty /\nUSER 1:2\nUSER name:group\n", fast=True),
    Case("user-two-words", "FROM scratch\nCOPY empty /\nUSER a b\n"),
    Case(
        "workdir",
        "FROM scratch\nWORKDIR /a\nWORKDIR b/../c\nWORKDIR ./d/\nWORKDIR e//f\n",
        fast=True,
    ),
    Case("workdir-relative-first", "FROM scratch\nWORKDIR x/y\n", fast=True),
    Case("workdir-root", "FROM busybox\nWORKDIR /\nWORKDIR /../..\n"),
    Case("workdir-user", "FROM busybox\nUSER worker\nWORKDIR /a/b\nUSER 5:6\nWORKDIR c\n"),
    Case("workdir-user-group", "FROM busybox\nUSER worker:tools\nWORKDIR /a\nUSER who\n"),
    Case(
        "workdir-existing",
        "FROM busybox\nRUN mkdir -m 700 /a && chown 3:4 /a\nUSER worker\nWORKDIR /a\nWORKDIR /tmp\n",
    ),
    Case("workdir-spaces", 'FROM scratch\nWORKDIR /a b/c\nWORKDIR "/q r"\n'),
    Case(
        "workdir-over-link",
        "FROM busybox\nRUN mkdir /real && ln -s /real /l && ln -s /none /m\nWORKDIR /l/x\nWORKDIR /m/y\n",
    ),
    Case("workdir-on-file", "FROM busybox\nWORKDIR /etc/passwd\n", fails=True),
    Case("cmd-forms", 'FROM scratch\nCOPY empty /\nCMD ["a"]\nCMD ["/x", "y z"]\n', fast=True),
    Case("cmd-shell", "FROM scratch\nCOPY empty /\nCMD echo  a   $b\n", fast=True),
    Case("cmd-empty", "FROM scratch\nCOPY empty /\nCMD []\nENTRYPOINT []\n", fast=True),
    Case("cmd-not-json", "FROM scratch\nCOPY empty /\nCMD ['a', 'b']\n", fast=True),
    Case("cmd-spaces-json", 'FROM scratch\nCOPY empty /\nCMD   [ "a" ,  "b" ]  \n', fast=True),
    Case(
        "cmd-with-shell",
        'FROM scratch\nCOPY empty /\nSHELL ["/bin/x", "-y"]\nCMD a b\nENTRYPOINT c d\n',
        fast=True,
    ),
    Case(
        "cmd-entrypoint-order",
        'FROM scratch\nCOPY empty /\nCMD ["a"]\nENTRYPOINT ["b"]\n',
        fast=True,
    ),
    Case("cmd-reset-by-entrypoint", 'FROM busybox\nENTRYPOINT ["x"]\n'),
    Case("cmd-kept", 'FROM busybox\nENTRYPOINT ["x"]\nCMD ["y"]\n'),
    Case(
        "cmd-from-stage",
        'FROM scratch AS a\nCOPY empty /\nCMD ["a"]\nENTRYPOINT ["b"]\nFROM a\nENTRYPOINT ["c"]\n',
        fast=True,
    ),
    Case(
        "cmd-from-stage-kept",
        'FROM scratch AS a\nCOPY empty /\nENTRYPOINT ["b"]\nCMD ["a"]\nFROM a\nLABEL x=1\n',
        fast=True,
    ),
    Case("entrypoint-shell", "FROM scratch\nCOPY empty /\nENTRYPOINT exec top -b\n", fast=True),
    Case(
        "shell",
        'FROM scratch\nCOPY empty /\nSHELL ["/bin/bash", "-o", "pipefail", "-c"]\n',
        fast=True,
    ),
    Case("shell-bad", "FROM scratch\nSHELL /bin/bash -c\n", fails=True, fast=True),
    Case("stopsignal", "FROM scratch\nCOPY empty /\nSTOPSIGNAL SIGTERM\nSTOPSIGNAL 9\n", fast=True),
    Case("stopsignal-bad", "FROM scratch\nSTOPSIGNAL SIGNOTHING\n", fails=True),
    Case("stopsignal-forms", "FROM scratch\nCOPY empty /\nSTOPSIGNAL rtmin+3\n"),
    Case(
        "healthcheck",
        "FROM scratch\nCOPY empty /\nHEALTHCHECK --interval=1m30s --timeout=3s --start-period=5s --retries=4 CMD curl  -f x || exit 1\n",
        fast=True,
    ),
    Case(
        "healthcheck-exec", 'FROM scratch\nCOPY empty /\nHEALTHCHECK CMD ["/x", "y"]\n', fast=True
    ),
    Case(
        "healthcheck-none",
        "FROM scratch\nCOPY empty /\nHEALTHCHECK CMD a\nHEALTHCHECK NONE\n",
        fast=True,
    ),
    Case(
        "healthcheck-start-interval",
        "FROM scratch\nCOPY empty /\nHEALTHCHECK --start-interval=2s --start-period=9s CMD a\n",
    ),
    Case(
        "healthcheck-bad", "FROM scratch\nHEALTHCHECK --interval=1 CMD a\n", fails=True, fast=True
    ),
    Case(
        "healthcheck-shell",
        'FROM scratch\nCOPY empty /\nSHELL ["/s"]\nHEALTHCHECK --retries=0 CMD a b\n',
    ),
    Case(
        "maintainer",
        "FROM scratch\nCOPY empty /\nMAINTAINER Some One <some@one.invalid>\n",
        fast=True,
    ),
    Case("onbuild-unknown", "FROM scratch\nCOPY empty /\nONBUILD FOO x\n"),
    Case("onbuild-unknown-run", "FROM scratch AS a\nONBUILD FOO x\nFROM a\n", fails=True),
    Case(
        "onbuild",
        'FROM scratch\nCOPY empty /\nONBUILD COPY a.txt /x\nONBUILD   RUN  echo   a\nonbuild cmd ["x"]\nONBUILD LABEL a=b\n',
        fast=True,
    ),
    Case("onbuild-runs", "FROM rich\n"),
    Case("onbuild-argument", "FROM rich\nRUN echo after\n", options=("--build-arg=LATER=given",)),
    Case(
        "onbuild-stage",
        "FROM busybox AS a\nONBUILD COPY a.txt /x\nONBUILD ENV o=1\nFROM a AS b\nRUN echo $o > /y\nFROM b\n",
    ),
    Case(
        "onbuild-from",
        "FROM busybox AS a\nONBUILD COPY --from=busybox /etc/group /g\nFROM a\n",
        same_as="FROM busybox\nCOPY --from=busybox /etc/group /g\n",
        source="Dockerfile reference, ONBUILD: COPY --from since 1.11",
    ),
    Case("onbuild-bad", "FROM scratch\nONBUILD FROM x\n", fails=True, fast=True),
    Case("onbuild-twice", "FROM scratch\nONBUILD ONBUILD RUN x\n", fails=True, fast=True),
    Case("rich-inherited", "FROM rich AS x\nFROM x\n"),
    Case(
        "rich-changed",
        "FROM rich\nUSER root\nWORKDIR /w\nENTRYPOINT []\nHEALTHCHECK NONE\nSTOPSIGNAL 3\nVOLUME /more\nEXPOSE 81\nRUN echo $GREETING > /x\n",
    ),
    Case("rich-cmd", "FROM rich\nCMD new words\n"),
    Case("scratch-nothing", "FROM scratch\n", platforms=("linux/amd64",)),
    Case("scratch-label", 'FROM scratch\nLABEL a=1\nCMD ["/x"]\n', platforms=("linux/amd64",)),
    Case("base-as-it-is", "FROM busybox\n"),
    Case(
        "history",
        'FROM busybox\nENV a=1\nLABEL b="c d"\nCOPY --chown=1:2 a.txt c.md /x/\nADD dir /y\nWORKDIR /w\nRUN echo  \'a\'   "b" | cat\nRUN ["true", "x y"]\nUSER 1\nEXPOSE 1 2\nVOLUME /v /u\nCMD a\nENTRYPOINT ["x"]\nSTOPSIGNAL 9\nHEALTHCHECK CMD t\nSHELL ["s"]\nONBUILD RUN x\nARG z=1\n',
    ),
)
