"""`--check` and `--call`: what is said of a Dockerfile without a build of it."""

from __future__ import annotations

import base64
import json

import pytest
from tests.support.workshop import Workshop

pytestmark = pytest.mark.real

BROKEN = """\
# check=experimental=CopyIgnoredFile
FROM busybox AS tools
MAINTAINER me
FROM nowhere.invalid/base
COPY --from=tools /bin/sh /sh
FROM busybox
COPY kept left-out /
CMD sh
"""


def context(shop: Workshop) -> str:
    shop.context(BROKEN, "broken")
    shop.write("broken/.dockerignore", "left-*\n!left-over\n")
    shop.write("broken/kept")
    shop.write("broken/left-out")
    return "broken"


def test_a_check_names_what_is_broken_and_builds_nothing(shared_shop: Workshop) -> None:
    folder = context(shared_shop)
    done = shared_shop.run(*shared_shop.build_words("--check", "--target", "tools", folder))
    assert done.returncode == 1
    assert done.stdout == (
        "Check complete, 1 warning has been found!\n"
        "\n"
        "WARNING: MaintainerDeprecated - "
        "https://docs.docker.com/go/dockerfile/rule/maintainer-deprecated/\n"
        "Maintainer instruction is deprecated in favor of using label\n"
        "broken/Dockerfile:3\n"
        "   1 |     # check=experimental=CopyIgnoredFile\n"
        "   2 |     FROM busybox AS tools\n"
        "   3 | >>> MAINTAINER me\n"
        "   4 |     FROM nowhere.invalid/base\n"
        "   5 |     COPY --from=tools /bin/sh /sh\n"
    )
    assert shared_shop.build("--check", shared_shop.context("FROM busybox\n", "fine")).stdout


def test_a_check_without_a_target_needs_the_base_of_every_stage(shared_shop: Workshop) -> None:
    done = shared_shop.run(
        *shared_shop.build_words("--call=check,format=json", context(shared_shop))
    )
    assert done.returncode == 1
    answer = json.loads(done.stdout)
    assert "nowhere.invalid/base" in answer["buildError"]["message"]
    assert [one["ruleName"] for one in answer["warnings"]] == ["MaintainerDeprecated"]
    assert answer["warnings"][0]["location"] == {
        "ranges": [{"start": {"line": 3}, "end": {"line": 3}}]
    }
    assert base64.b64decode(answer["sources"][0]["data"]).decode() == BROKEN


def test_a_source_that_is_left_out_of_the_context(shared_shop: Workshop) -> None:
    context(shared_shop)
    text = BROKEN.replace("nowhere.invalid/base", "busybox").replace(
        "left-out", "left-out left-over"
    )
    shared_shop.context(text, "broken")
    done = shared_shop.run(*shared_shop.build_words("--call=check,format=json", "broken"))
    found = {one["ruleName"]: one["detail"] for one in json.loads(done.stdout)["warnings"]}
    assert found["CopyIgnoredFile"] == (
        'Attempting to Copy file "left-out" that is excluded by .dockerignore'
    )
    assert set(found) == {"CopyIgnoredFile", "JSONArgsRecommended", "MaintainerDeprecated"}


def test_a_build_warns_once_for_all_platforms_and_fails_if_asked_to(shared_shop: Workshop) -> None:
    text = "FROM busybox\nCMD sh\n"
    folder = shared_shop.context(text, "warned")
    done = shared_shop.build("--platform=linux/amd64,linux/arm64", folder)
    assert done.stderr.count("JSONArgsRecommended: JSON arguments recommended for CMD") == 1
    shared_shop.context(f"# check=error=true\n{text}", "warned")
    assert shared_shop.refused("warned") == (
        "ERROR: warned/Dockerfile:3: the Dockerfile breaks rules that its check directive makes"
        " errors: JSONArgsRecommended\n"
        "warned/Dockerfile:3\n"
        "   1 |     # check=error=true\n"
        "   2 |     FROM busybox\n"
        "   3 | >>> CMD sh\n"
        "hint: JSONArgsRecommended: JSON arguments recommended for CMD to prevent unintended"
        " behavior related to OS signals (line 3)\n"
    )


OFFERS = """\
# VERSION of the base
ARG VERSION=1
ARG UNUSED
# tools what the build needs
FROM busybox AS tools
FROM busybox:${VERSION:+latest}
ARG VERSION
# MODE fast or small
ARG MODE=fast
RUN --mount=type=secret,id=token echo $MODE
RUN --mount=type=secret,id=token,required --mount=type=ssh true
"""


def test_targets_and_an_outline(shared_shop: Workshop) -> None:
    folder = shared_shop.context(OFFERS, "offers")
    assert shared_shop.build("--call=targets", folder).stdout == (
        "TARGET     DESCRIPTION\ntools      what the build needs\n(default)\n"
    )
    assert shared_shop.build("--call=outline", folder).stdout == (
        "BUILD ARG  VALUE  DESCRIPTION\n"
        "VERSION    1      of the base\n"
        "MODE       fast   fast or small\n"
        "\n"
        "SECRET  REQUIRED\n"
        "token   true\n"
        "\n"
        "SSH      REQUIRED\n"
        "default\n"
    )
    done = shared_shop.build("--call=targets,format=json", folder)
    assert [one["default"] for one in json.loads(done.stdout)["targets"]] == [False, True]
    done = shared_shop.build("--call=outline,format=json", "--build-arg=MODE=small", folder)
    values = {one["name"]: one["value"] for one in json.loads(done.stdout)["args"]}
    assert values == {"VERSION": "1", "MODE": "small"}
    assert [one["name"] for one in json.loads(done.stdout)["secrets"]] == ["token"]


def test_an_unknown_call_is_refused(shared_shop: Workshop) -> None:
    said = shared_shop.refused("--call=lend", shared_shop.context("FROM busybox\n"), status=2)
    assert said == ("ERROR: unknown --call 'lend'\nhint: one of build, check, outline, targets\n")
