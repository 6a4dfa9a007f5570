"""Where ARG, ENV, WORKDIR, USER and SHELL count, and what triggers hand on."""

from __future__ import annotations

from tests.conformance.case import Case, folder, text

_NAMED = {"named": folder(), "named/n.txt": text("named\n")}

CASES = (
    Case("arg-inherited-run", "FROM busybox AS a\nARG v=1\nFROM a\nRUN echo .$v > /x\n"),
    Case(
        "arg-inherited-env",
        "FROM busybox AS a\nARG v=1\nENV e=$v\nRUN true\nFROM a\nARG w=2\nRUN echo .$v$w > /x\n",
    ),
    Case("workdir-variable", "FROM busybox\nENV d=/a\nARG e\nWORKDIR $d/${e:-b}\nWORKDIR ${e}\n"),
    Case("workdir-empty", "FROM scratch\nWORKDIR\n", fails=True),
    Case("workdir-dots", "FROM scratch\nWORKDIR /a/../../b/./c/\nCOPY a.txt .\n"),
    Case("workdir-quotes", "FROM scratch\nWORKDIR '/a b'\nWORKDIR c\\ d\nCOPY empty .\n"),
    Case("workdir-json", 'FROM scratch\nWORKDIR ["/x"]\nCOPY empty .\n'),
    Case("workdir-inherits", "FROM scratch AS a\nWORKDIR /w\nFROM a\nWORKDIR x\nCOPY empty .\n"),
    Case("workdir-link-parent", "FROM busybox\nRUN ln -s /tmp /l\nWORKDIR /l/../x\nRUN pwd > y\n"),
    Case("user-variable", "FROM busybox\nARG u=worker\nUSER $u:${g:-tools}\nRUN id > /tmp/x\n"),
    Case("user-empty", "FROM scratch\nUSER\n", fails=True),
    Case("user-inherits", "FROM busybox AS a\nUSER worker\nFROM a\nRUN id > /tmp/x\nUSER root\n"),
    Case("user-copy", "FROM busybox\nUSER worker\nCOPY a.txt /x/\nADD dir /y\nCOPY a.txt /tmp/\n"),
    Case(
        "user-made-here",
        "FROM busybox\nRUN echo 'new:x:77:78::/h:/bin/sh' >> /etc/passwd\nUSER new\nWORKDIR /n\nRUN id > x && echo $HOME >> x\nCOPY --chown=new a.txt ./\n",
    ),
    Case(
        "user-no-passwd",
        "FROM busybox\nRUN rm /etc/passwd /etc/group\nUSER 7:8\nRUN id > /tmp/x && echo $HOME >> /tmp/x\n",
    ),
    Case(
        "user-no-passwd-name",
        "FROM busybox\nRUN rm /etc/passwd\nUSER worker\nRUN true\n",
        fails=True,
    ),
    Case("user-group-name-only", "FROM busybox\nUSER :tools\nRUN id > /tmp/x\n"),
    Case("user-group-unknown", "FROM busybox\nUSER worker:which\nRUN id > /tmp/x\n", fails=True),
    Case(
        "shell-per-stage",
        'FROM busybox AS a\nSHELL ["/bin/sh", "-xc"]\nFROM a AS b\nCMD x\nFROM busybox\nCMD y\n',
    ),
    Case(
        "shell-entrypoint-later",
        'FROM busybox\nCMD a\nSHELL ["/s"]\nENTRYPOINT b\nHEALTHCHECK CMD c\n',
    ),
    Case("shell-empty", "FROM scratch\nCOPY empty /\nSHELL []\nCMD a\n", fails=True),
    Case(
        "arg-before-stages",
        "ARG a=1\nARG b=$a-2\nFROM busybox\nARG b\nARG a\nRUN echo $a $b > /x\n",
    ),
    Case(
        "arg-global-in-platform",
        "ARG p=linux/amd64\nFROM --platform=$p busybox AS x\nRUN uname -m > /m\nFROM scratch\nCOPY --from=x /m /\n",
    ),
    Case("run-environment-args-again", "FROM busybox\nARG a=1\nARG a\nRUN echo .$a > /x\n"),
    Case("arg-env-empty", "FROM busybox\nENV a=\nARG a=2\nRUN echo .$a > /x\nENV b=$a\n"),
    Case("arg-from-parent-stage", "FROM busybox AS a\nARG v=1\nFROM a\nARG v\nRUN echo .$v > /x\n"),
    Case(
        "arg-env-given",
        "FROM busybox\nENV v=env\nARG v\nRUN echo $v > /x\n",
        options=("--build-arg=v=given",),
    ),
    Case("arg-self", "FROM scratch\nCOPY empty /\nENV a=1\nARG a=$a-2\nENV b=$a\n"),
    Case("arg-not-declared", "FROM busybox\nRUN echo .$v > /x\n", options=("--build-arg=v=1",)),
    Case("arg-name-odd", "FROM scratch\nARG a-b=1 c.d=2\nCOPY empty /\nENV x=${a-b}\n"),
    Case("arg-platform-global", "ARG TARGETARCH\nFROM busybox\nRUN echo .$TARGETARCH > /x\n"),
    Case(
        "arg-platform-given",
        "FROM busybox\nARG TARGETARCH\nRUN echo $TARGETARCH > /x\n",
        options=("--build-arg=TARGETARCH=mine",),
    ),
    Case(
        "arg-buildkit", "FROM scratch\nCOPY empty /\nARG BUILDKIT_SYNTAX\nENV a=.$BUILDKIT_SYNTAX\n"
    ),
    Case("env-path-scratch", "FROM scratch\nCOPY empty /\nENV PATH=/x:$PATH\n"),
    Case("run-environment-path", "FROM busybox\nENV PATH=\nRUN /bin/env > /env\n"),
    Case("env-old-form-tabs", "FROM scratch\nCOPY empty /\nENV a\tb  c \nENV d =e\n"),
    Case("env-old-form-quotes", "FROM scratch\nCOPY empty /\nENV a \"b c\" 'd'\nENV e f=g\n"),
    Case(
        "env-expands-itself", "FROM scratch\nCOPY empty /\nENV a=1\nENV a=$a$a b=${a}\nENV a=$a$b\n"
    ),
    Case(
        "env-nested",
        "FROM scratch\nCOPY empty /\nENV a=1 c=3\nENV x=${u:-${a}} y=${u:-$c-$a} z=${u:+${a}}\n",
    ),
    Case("env-many-equals", 'FROM scratch\nCOPY empty /\nENV a==b c=d=e f="g=h"\n'),
    Case("env-name-quoted", 'FROM scratch\nCOPY empty /\nENV "a"=1 b"c"=2\n'),
    Case("env-name-empty", "FROM scratch\nENV =1\n", fails=True),
    Case("env-in-from", "FROM scratch AS a\nENV b=a\nFROM $b\n", fails=True),
    Case("env-bad-modifier", "FROM scratch\nENV a=${b!c}\n", fails=True),
    Case("env-open-brace", "FROM scratch\nENV a=${b\n", fails=True),
    # ONBUILD
    Case(
        "onbuild-order",
        "FROM busybox AS a\nONBUILD RUN echo 1 > /x\nONBUILD RUN echo 2 >> /x\nFROM a\nRUN echo 3 >> /x\n",
    ),
    Case(
        "onbuild-grandchild",
        "FROM busybox AS a\nONBUILD RUN echo 1 >> /x\nFROM a AS b\nFROM b\nRUN echo 2 >> /x\n",
    ),
    Case(
        "onbuild-both",
        "FROM busybox AS a\nONBUILD RUN echo a >> /x\nFROM a AS b\nONBUILD RUN echo b >> /x\nFROM b\n",
    ),
    Case(
        "onbuild-workdir-user",
        "FROM busybox AS a\nONBUILD WORKDIR /w\nONBUILD USER worker\nONBUILD CMD c\nFROM a\nRUN id > /tmp/x; pwd >> /tmp/x\n",
    ),
    Case(
        "arg-inherited-onbuild",
        "FROM busybox AS a\nARG v=1\nONBUILD ARG w=2\nONBUILD RUN echo .$v.$w > /x\nFROM a\nRUN echo .$v.$w > /y\n",
    ),
    Case(
        "onbuild-variable",
        "FROM busybox AS a\nENV e=1\nONBUILD ENV f=$e\nONBUILD LABEL l=${e}x\nFROM a\nENV e=2\n",
    ),
    Case("onbuild-rich-twice", "FROM rich AS a\nFROM a\nCOPY b.txt ./\n"),
    Case("onbuild-maintainer", "FROM scratch\nONBUILD MAINTAINER me\n", fails=True),
    Case("onbuild-nothing", "FROM scratch\nONBUILD\n", fails=True),
    Case(
        "onbuild-mount", "FROM busybox AS a\nONBUILD RUN --mount=target=/c cp /c/a.txt /x\nFROM a\n"
    ),
    Case(
        "onbuild-healthcheck",
        "FROM busybox AS a\nONBUILD HEALTHCHECK --retries=2 CMD x\nONBUILD STOPSIGNAL 9\nONBUILD VOLUME /v\nONBUILD EXPOSE 1\nFROM a\n",
    ),
    # Contexts and stages
    Case(
        "context-copy-glob",
        "FROM scratch\nCOPY --from=n *.txt /x/\nADD --chown=3 a.txt /\n",
        _NAMED,
        options=("--build-context=n={context}/named",),
    ),
    Case("context-missing", "FROM scratch\nCOPY --from=nowhere.invalid/x / /\n", fails=True),
    Case(
        "stage-name-variable", "ARG n=a\nFROM scratch AS a\nCOPY empty /\nFROM $n AS b\nENV x=1\n"
    ),
    Case("stage-number-from", "FROM scratch\nCOPY empty /\nFROM 0\n", fails=True),
    Case("stage-name-odd", "FROM scratch AS a.b-c_d\nCOPY a.txt /\nFROM a.b-c_d\nENV x=1\n"),
    Case("stage-name-scratch", "FROM busybox AS scratch\nFROM scratch\nCOPY empty /\n"),
    Case(
        "stage-name-context",
        "FROM busybox AS context\nFROM scratch\nCOPY --from=context /etc/group /\n",
    ),
    Case(
        "stage-target-empty",
        "FROM scratch AS a\nCOPY empty /\nFROM a AS b\nENV x=1\n",
        options=("--target=",),
    ),
    Case("from-flag-unknown", "FROM --what=1 scratch\n", fails=True),
    Case("from-platform-empty", "FROM --platform= busybox\nRUN uname -m > /m\n"),
    Case("from-platform-bad", "FROM --platform=linux/what/ever/x busybox\n", fails=True),
    Case(
        "from-platform-variant",
        "FROM --platform=linux/arm64/v8 busybox AS a\nFROM scratch\nCOPY --from=a /bin/busybox /b\n",
    ),
    Case(
        "epoch-argument",
        "FROM busybox\nARG SOURCE_DATE_EPOCH\nRUN echo $SOURCE_DATE_EPOCH > /x && mkdir /d\nCOPY --chown=1 dir /d/\nADD a.txt /new/x\n",
        epoch="1500000000",
    ),
    Case(
        "epoch-archive", "FROM busybox\nCOPY --from=busybox /etc /e\nENV a=1\n", epoch="1600000001"
    ),
)
