"""ARG, ENV and the words they are used in."""

from __future__ import annotations

from tests.conformance.case import Case

_1_10 = "Dockerfile reference, Environment replacement"

CASES = (
    Case(
        "env-forms",
        'FROM scratch\nCOPY empty /\nENV a 1 2  3\nENV b=1 c="2 3" d=\'4 5\' e=6\\ 7 f=\nENV g="a\\"b" h=\'$a\' i="$a" j=$a\n',
        fast=True,
    ),
    Case(
        "env-same-line",
        "FROM scratch\nCOPY empty /\nENV a=old\nENV a=new b=$a c=${a}x\nENV d=$b\n",
        fast=True,
    ),
    Case("env-order", "FROM scratch\nCOPY empty /\nENV b=1 a=2\nENV c=3\nENV b=4\n", fast=True),
    Case("env-inherited", "FROM rich\nENV GREETING=other NEW=$GREETING\n", options=()),
    Case(
        "env-modifiers",
        "FROM scratch\nCOPY empty /\nARG s=set e= \nENV a=${s:-x} b=${n:-x} c=${e:-x} d=${s:+x} f=${n:+x} g=${e:+x}\n",
        fast=True,
    ),
    Case(
        "env-modifiers-plain",
        "FROM scratch\nCOPY empty /\nARG s=set\nARG e=\nENV a=${s-x} b=${n-x} c=${e-x} d=${s+x} f=${n+x} g=${e+x} h=${n:-${s:-y}}\n",
    ),
    Case(
        "env-patterns-of-nothing",
        "FROM scratch\nCOPY empty /\nENV v=ab e=\nENV a=${v//*/x} b=${v//**/x} c=${e//*/x} d='${v//*/x}' f=\"<${v//*/x}>\" g=${v//?/x} h=${v/*/x}\n",
    ),
    Case("env-modifier-error", "FROM scratch\nENV a=${n:?must be set}\n", fails=True),
    Case(
        "env-modifier-error-plain",
        "FROM scratch\nARG e=\nENV a=${e?fine} b=${n?must be set}\n",
        fails=True,
    ),
    Case(
        "env-patterns",
        "FROM scratch\nCOPY empty /\nENV v=foo/bar/foo.tar.gz\nENV a=${v#*/} b=${v##*/} c=${v%.*} d=${v%%.*} e=${v/foo/x} f=${v//foo/x} g=${v#no} i=${v#?}\n",
    ),
    Case(
        "env-dollars",
        "FROM scratch\nCOPY empty /\nENV a='$x' b=\\$x c=\"\\$x\" d=$ e=$1 f=a$ g=${x} h=x$y.z i=$$\n",
    ),
    Case("env-names", "FROM scratch\nCOPY empty /\nENV a.b=1 a-b=2 _c=3 D_e=4\nENV f=$a.b g=$_c\n"),
    Case("env-empty-word", "FROM scratch\nCOPY empty /\nENV a= b=\"\" c=''\n"),
    Case("env-bad", "FROM scratch\nENV a=1 b\n", fails=True, fast=True),
    Case("env-none", "FROM scratch\nENV\n", fails=True, fast=True),
    Case(
        "env-quotes",
        'FROM scratch\nCOPY empty /\nENV a=x"y z"\'w\' b="x\\\\y" c=\'x\\y\' d=x\\\\y e="it\'s" f=\'say "hi"\'\n',
    ),
    Case(
        "arg-scopes",
        "ARG v=outer\nFROM scratch AS one\nENV a=$v\nARG v\nENV b=$v\nFROM scratch\nCOPY empty /\nARG w=x\nENV c=$v d=$w\n",
        fast=True,
    ),
    Case(
        "arg-default-from-outer",
        "ARG v=1\nFROM scratch\nCOPY empty /\nARG v=2\nENV a=$v\n",
        fast=True,
    ),
    Case(
        "arg-given",
        "ARG v=1\nFROM scratch\nCOPY empty /\nARG v\nARG w=3\nARG x\nENV a=$v b=$w c=$x\n",
        options=("--build-arg=v=8", "--build-arg=w=9", "--build-arg=x="),
    ),
    Case("arg-after-env", "FROM busybox\nENV v=env\nARG v=arg\nENV a=$v\nRUN echo $v > /x\n"),
    Case("env-after-arg", "FROM busybox\nARG v=arg\nENV v=env\nENV a=$v\nRUN echo $v > /x\n"),
    Case("arg-list", "FROM scratch\nCOPY empty /\nARG a=1 b=2 c\nENV x=$a$b$c\n", fast=True),
    Case(
        "arg-list-sees-earlier",
        "FROM scratch\nCOPY empty /\nARG a=1 b=$a\nENV x=$a$b\n",
        same_as="FROM scratch\nCOPY empty /\nARG a=1\nARG b=$a\nENV x=$a$b\n",
        source="BuildKit of 2026: each ARG of a line is there for the next",
    ),
    Case(
        "arg-quotes",
        "FROM scratch\nCOPY empty /\nARG a=\"x y\" b='z $a' c=w\\ v\nENV x=$a y=$b z=$c\n",
    ),
    Case(
        "arg-inherited",
        "FROM scratch AS one\nCOPY empty /\nARG a=1\nENV x=$a\nFROM one\nENV y=$a\n",
    ),
    Case(
        "arg-history",
        "FROM busybox\nARG a=1\nARG b\nRUN true\nENV c=$a\nRUN true\n",
        options=("--build-arg=b=2",),
    ),
    Case("arg-in-from", "ARG base=busybox\nARG tag\nFROM ${base}${tag:+:}${tag}\n"),
    Case(
        "arg-platforms",
        "FROM scratch\nCOPY empty /\nARG TARGETPLATFORM TARGETOS TARGETARCH TARGETVARIANT BUILDPLATFORM BUILDOS BUILDARCH\nENV a=$TARGETPLATFORM/$TARGETOS/$TARGETARCH/$TARGETVARIANT b=$BUILDPLATFORM/$BUILDOS/$BUILDARCH\n",
        fast=True,
    ),
    Case("arg-platform-undeclared", "FROM scratch\nCOPY empty /\nENV a=x$TARGETARCH\n"),
    Case(
        "arg-platform-default", "FROM scratch\nCOPY empty /\nARG TARGETARCH=x\nENV a=$TARGETARCH\n"
    ),
    Case(
        "arg-platform-in-stage",
        "FROM --platform=$BUILDPLATFORM busybox AS b\nARG TARGETARCH\nRUN echo $TARGETARCH > /x && uname -m >> /x\nFROM scratch\nCOPY --from=b /x /\n",
    ),
    Case(
        "arg-proxy",
        "FROM busybox\nARG http_proxy\nRUN echo $http_proxy > /x\n",
        options=("--build-arg=http_proxy=http://p.invalid",),
    ),
    Case(
        "arg-proxy-undeclared",
        "FROM busybox\nRUN echo $HTTP_PROXY > /x\n",
        options=("--build-arg=HTTP_PROXY=http://p.invalid",),
    ),
    Case("arg-bad", "FROM scratch\nARG\n", fails=True, fast=True),
    Case(
        "arg-override-empty",
        "FROM scratch\nCOPY empty /\nARG a=default\nENV x=${a:-none}\n",
        options=("--build-arg=a=",),
    ),
    Case(
        "words-in-instructions",
        'FROM scratch\nARG v=val\nENV p=/pa\nLABEL l.$v="x $v" m=$v\nWORKDIR $p/${v}\nEXPOSE ${n:-80}\nVOLUME $p/v\nUSER ${v}:$v\nSTOPSIGNAL ${n:-SIGUSR1}\n',
        fast=True,
    ),
    Case(
        "words-not-in-commands",
        'FROM scratch\nCOPY empty /\nENV v=1\nCMD echo $v\nENTRYPOINT ["/x", "$v"]\nHEALTHCHECK CMD echo $v\nSHELL ["/sh", "$v"]\n',
        fast=True,
    ),
    Case(
        "epoch",
        "FROM busybox\nARG SOURCE_DATE_EPOCH\nENV a=$SOURCE_DATE_EPOCH\nWORKDIR /w\nCOPY a.txt dir .\nCOPY <<EOF /x\n1\nEOF\n",
        epoch="1600000000",
    ),
)
