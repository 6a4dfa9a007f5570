"""Each rule: a Dockerfile that breaks it, and one near it that does not."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from tests.dockerfile.test_lower import AMD64, ARM64, base, lower_once

from trimaran.dockerfile.checks.check import check
from trimaran.dockerfile.checks.findings import parse_config
from trimaran.dockerfile.checks.rules import RULES
from trimaran.dockerfile.lower import BaseImage, BaseKey, Needs
from trimaran.dockerfile.parse import parse
from trimaran.errors import DockerfileError
from trimaran.oci.models import RunConfig

BASE_ENV = RunConfig(env=("PATH=/bin", "PYTHON_VERSION=3"))


def check_text(
    text: str, *, build_args: Mapping[str, str] | None = None, asked: bool = True
) -> list[str]:
    """What is found, as `Rule line: detail`."""
    bases: dict[BaseKey, BaseImage] = {}
    lowered = lower_once(text, bases=bases, build_args=build_args)
    while isinstance(lowered, Needs):
        bases |= {key: base(key, BASE_ENV) for key in lowered.lines}
        lowered = lower_once(text, bases=bases, build_args=build_args)
    found = check(parse(text, "Dockerfile"), {ARM64: lowered}, build_args or {}, AMD64, asked=asked)
    return [f"{one.rule.name} {one.lines[0]}: {one.detail}" for one in found.all]


BROKEN = [
    (
        "FROM scratch AS BadName\n",
        "StageNameCasing 1: Stage name 'BadName' should be lowercase",
    ),
    (
        "FROM scratch as one\n",
        "FromAsCasing 1: 'as' and 'FROM' keywords' casing do not match",
    ),
    (
        "from scratch AS one\n",
        "FromAsCasing 1: 'AS' and 'from' keywords' casing do not match",
    ),
    (
        "FROM scratch\nCOPY a \\\n\n/\n",
        "NoEmptyContinuation 4: Empty continuation line",
    ),
    (
        "FROM scratch\ncopy a /\nCOPY b /\n",
        (
            "ConsistentInstructionCasing 2: Command 'copy' should match the case of the command"
            " majority (uppercase)"
        ),
    ),
    (
        "from scratch\ncopy a /\nCOPY b /\n",
        (
            "ConsistentInstructionCasing 3: Command 'COPY' should match the case of the command"
            " majority (lowercase)"
        ),
    ),
    (
        "FROM scratch\nCopy a /\n",
        (
            "ConsistentInstructionCasing 2: Command 'Copy' should match the case of the command"
            " majority (uppercase)"
        ),
    ),
    (
        "FROM scratch AS a\nFROM scratch AS a\n",
        'DuplicateStageName 2: Duplicate stage name "a", stage names should be unique',
    ),
    (
        "FROM base AS scratch\n",
        'ReservedStageName 1: Stage name should not use the same name as reserved stage "scratch"',
    ),
    (
        "FROM base\nCMD server --port 1\n",
        (
            "JSONArgsRecommended 2: JSON arguments recommended for CMD to prevent unintended"
            " behavior related to OS signals"
        ),
    ),
    (
        "FROM base\nENTRYPOINT server\n",
        (
            "JSONArgsRecommended 2: JSON arguments recommended for ENTRYPOINT to prevent unintended"
            " behavior related to OS signals"
        ),
    ),
    (
        "FROM base\nMAINTAINER me\n",
        "MaintainerDeprecated 2: Maintainer instruction is deprecated in favor of using label",
    ),
    (
        "ARG VERSION=1\nFROM base:${VERSIO:-2}\n",
        "UndefinedArgInFrom 2: FROM argument 'VERSIO' is not declared (did you mean VERSION?)",
    ),
    (
        "FROM base\nWORKDIR app\n",
        (
            'WorkdirRelativePath 2: Relative workdir "app" can have unexpected results if the base'
            " image changes"
        ),
    ),
    (
        "FROM base\nENV HERE=$PAHT:/x\n",
        "UndefinedVar 2: Usage of undefined variable '$PAHT' (did you mean $PATH?)",
    ),
    (
        "FROM base\nCOPY $foo .\n",
        "UndefinedVar 2: Usage of undefined variable '$foo'",
    ),
    (
        'FROM base\nCMD ["a"]\nCMD ["b"]\n',
        (
            "MultipleInstructionsDisallowed 2: Multiple CMD instructions should not be used in the"
            " same stage because only the last one will be used"
        ),
    ),
    (
        "FROM base\nENV name value\n",
        (
            'LegacyKeyValueFormat 2: "ENV key=value" should be used instead of legacy "ENV key'
            ' value" format'
        ),
    ),
    (
        "FROM base\nLABEL name value\n",
        (
            'LegacyKeyValueFormat 2: "LABEL key=value" should be used instead of legacy "LABEL key'
            ' value" format'
        ),
    ),
    (
        "FROM --platform=$TARGETPLATFORM base\n",
        (
            "RedundantTargetPlatform 1: Setting platform to predefined $TARGETPLATFORM in FROM is"
            " redundant as this is the default behavior"
        ),
    ),
    (
        "FROM base\nENV API_TOKEN=x\n",
        (
            "SecretsUsedInArgOrEnv 2: Do not use ARG or ENV instructions for sensitive data"
            ' (ENV "API_TOKEN")'
        ),
    ),
    (
        "FROM base\nARG password\n",
        (
            "SecretsUsedInArgOrEnv 2: Do not use ARG or ENV instructions for sensitive data"
            ' (ARG "password")'
        ),
    ),
    (
        "FROM --platform=linux/amd64 base\n",
        (
            "FromPlatformFlagConstDisallowed 1: FROM --platform flag should not use constant value"
            ' "linux/amd64"'
        ),
    ),
    (
        "# check=experimental=all\nFROM base\n# what it is\nARG MODE\n",
        (
            "InvalidDefinitionDescription 4: Comment for ARG should follow the format: `# MODE"
            " <description>`"
        ),
    ),
    (
        "FROM base\nEXPOSE 80/TCP\n",
        "ExposeProtoCasing 2: Defined protocol '80/TCP' in EXPOSE instruction should be lowercase",
    ),
    (
        "FROM base\nEXPOSE 127.0.0.1:80:80\n",
        (
            "ExposeInvalidFormat 2: EXPOSE instruction should not define an IP address or host-port"
            " mapping, found '127.0.0.1:80:80'"
        ),
    ),
    (
        "FROM base\nARG TARGETARCH=amd64\n",
        (
            "TargetArgDefault 2: The default in ARG TARGETARCH=amd64 wins over the platform: write"
            " ARG TARGETARCH"
        ),
    ),
    (
        "FROM base\nRUN get tool-${TARGETARCH}\n",
        (
            "UndeclaredPlatformArg 2: $TARGETARCH is empty here, since the stage does not declare"
            " it: add ARG TARGETARCH"
        ),
    ),
    (
        "FROM --platform=$BUILDPLATFORM base AS a\nFROM a\n",
        (
            "BuildPlatformInLastStage 1: The image is built FROM --platform=$BUILDPLATFORM, so it"
            " holds files of the building machine for every platform: leave --platform out there"
        ),
    ),
    (
        "FROM base\nRUN curl -o x https://example.org/tool-linux-amd64.tar.gz\n",
        (
            "FixedArchitectureDownload 2: The download names amd64 for every platform"
            " (https://example.org/tool-linux-amd64.tar.gz): choose by TARGETARCH"
        ),
    ),
    (
        "FROM base\nRUN cd x && make -j2\n",
        (
            "SlowWhenEmulated 2: `make` runs for the target platform: where that is emulated, a"
            " stage FROM --platform=$BUILDPLATFORM that compiles for ${TARGETARCH} is faster"
        ),
    ),
]


@pytest.mark.parametrize(("text", "finding"), BROKEN)
def test_a_broken_rule_is_found(text: str, finding: str) -> None:
    assert check_text(text) == [finding]


def test_every_rule_of_one_dockerfile_is_tried_here_or_with_its_bases() -> None:
    tried = {finding.split()[0] for _, finding in BROKEN}
    elsewhere = {"InvalidBaseImagePlatform", "InvalidDefaultArgInFrom", "CopyIgnoredFile"}
    assert tried | elsewhere == {rule.name for rule in RULES}


KEPT = [
    "FROM base\nRUN apt-get update; apt-get install -y \\\n make \\\n# for C\n gcc; true\n",
    "FROM scratch AS good\n",
    "from scratch as good\ncopy a /\n",
    'FROM base\nSHELL ["/bin/bash", "-c"]\nCMD server\n',
    "ARG TAG=1\nFROM base:$TAG\n",
    "FROM base:${TARGETARCH}\n",
    "FROM base\nWORKDIR /srv\nWORKDIR app\n",
    "FROM base AS a\nWORKDIR /srv\nFROM a\nWORKDIR app\n",
    "FROM base\nENV VERSION=$PYTHON_VERSION\n",
    "FROM base\nARG foo\nCOPY $foo .\n",
    "FROM base\nRUN echo $UNKNOWN\n",
    'FROM base AS a\nCMD ["a"]\nFROM a\nCMD ["b"]\n',
    "FROM base\nENV PUBLIC_KEY=x TOKEN_FILE=/x AUTH_VERSION=1 MONKEY=x\n",
    "ARG P=linux/amd64\nFROM --platform=$P base\n",
    "FROM --platform=linux/amd64 base AS tools_amd64\nFROM base\nCOPY --from=0 a /\n",
    "# check=experimental=all\nFROM base\n# MODE what it is\nARG MODE\n# of others\n\nARG B\n",
    "FROM base\nARG TARGETARCH\nRUN get ${TARGETARCH}\n",
    "FROM base\nRUN get ${TARGETARCH:-amd64}\n",
    "FROM base\nRUN TARGETARCH=$(uname -m); get $TARGETARCH\n",
    "FROM --platform=$BUILDPLATFORM base AS a\nRUN make\nFROM base\nCOPY --from=a /x /\n",
    "FROM base\nARG TARGETARCH\nRUN get https://example.org/amd64-$TARGETARCH.tgz\n",
    "FROM base\nRUN curl https://example.org/tool.tar.gz\n",
    "FROM base\nRUN install-makefile\n",
]


@pytest.mark.parametrize("text", KEPT)
def test_what_keeps_the_rules_is_not_told(text: str) -> None:
    assert check_text(text) == []


def test_a_base_that_has_no_name_by_default() -> None:
    text = "ARG TAG\nFROM base:${TAG}\n"
    assert check_text(text, build_args={"TAG": "1"}) == [
        (
            "InvalidDefaultArgInFrom 2: Default value for ARG base:${TAG} results in empty or"
            " invalid base image name"
        )
    ]


def test_a_base_of_another_platform_than_it_was_asked_for() -> None:
    text = "FROM base\n"
    lying = {BaseKey("base", ARM64): base(BaseKey("base", AMD64))}
    lowered = lower_once(text, bases=lying)
    assert not isinstance(lowered, Needs)
    found = check(parse(text, "Dockerfile"), {ARM64: lowered}, {}, AMD64, asked=False)
    assert [one.text for one in found.all] == [
        (
            'InvalidBaseImagePlatform: Base image base was pulled with platform "linux/amd64",'
            ' expected "linux/arm64" for current build (line 1)'
        )
    ]


def test_rules_are_skipped_by_directive_comment_and_argument() -> None:
    broken = "FROM base\nMAINTAINER me\nENV API_KEY=x\n"
    names = [one.split()[0] for one in check_text(broken)]
    assert names == ["MaintainerDeprecated", "SecretsUsedInArgOrEnv"]
    assert check_text(f"# check=skip=all\n{broken}") == []
    assert check_text(f"#check = skip=MaintainerDeprecated,SecretsUsedInArgOrEnv\n{broken}") == []
    above = "FROM base\n# why it is so\n# check=skip=MaintainerDeprecated\nMAINTAINER me\n"
    assert check_text(above) == []
    given = {"BUILDKIT_DOCKERFILE_CHECK": "skip=MaintainerDeprecated"}
    assert len(check_text(f"# check=skip=all\n{broken}", build_args=given)) == 1


def test_what_is_for_checks_alone_is_not_told_in_a_build() -> None:
    assert check_text("FROM base\nRUN make\n", asked=False) == []


def test_error_makes_findings_fail() -> None:
    text = "# check=error=true\nFROM base\nMAINTAINER me\n"
    lowered = lower_once(text, bases={BaseKey("base", ARM64): base(BaseKey("base", ARM64))})
    assert not isinstance(lowered, Needs)
    dockerfile = parse(text, "Dockerfile")
    fault = check(dockerfile, {ARM64: lowered}, {}, AMD64, asked=False).fault(dockerfile.source)
    assert fault is not None
    assert "MaintainerDeprecated" in fault.message
    assert fault.lines == (3, 3)


@pytest.mark.parametrize("text", ["skip", "error=maybe", "skpi=all"])
def test_a_directive_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ValueError, match=r"error|option"):
        parse_config(text)
    with pytest.raises(DockerfileError, match="check directive"):
        check_text(f"# check={text}\nFROM scratch\n")
