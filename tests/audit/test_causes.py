from __future__ import annotations

import pytest

from trimaran.audit.causes import StageFacts, from_dockerfile, from_history
from trimaran.platforms import parse

ARM64 = parse("linux/arm64")


@pytest.mark.parametrize(
    ("created_by", "expected"),
    [
        (
            "RUN |1 TARGETARCH=amd64 /bin/sh -c curl $TARGETARCH # buildkit",
            "TARGETARCH was 'amd64'",
        ),
        ("RUN /bin/sh -c curl -o /x https://h/x-${TARGETARCH} # buildkit", "not declared"),
        ("RUN |2 A=b TARGETARCH=arm64 /bin/sh -c wget h/x-$TARGETARCH", ""),
        ("RUN /bin/sh -c curl https://h/tool-linux-x86_64.tgz # buildkit", "names x86_64"),
        ("RUN |1 TARGETARCH=arm64 /bin/sh -c wget https://h/t-amd64", "names amd64"),
        ("RUN /bin/sh -c curl https://h/tool-linux-aarch64.tgz # buildkit", ""),
        ("COPY /app /app # buildkit", ""),
    ],
)
def test_causes_in_the_history(created_by: str, expected: str) -> None:
    cause = from_history(created_by, ARM64, "amd64")
    assert expected in cause
    assert bool(expected) == bool(cause)


@pytest.mark.parametrize(
    ("stages", "expected"),
    [
        ([StageFacts(1, "$BUILDPLATFORM")], "line 1: the last stage"),
        ([StageFacts(1, "$BUILDPLATFORM"), StageFacts(4, parent=0)], "line 1: the last stage"),
        ([StageFacts(1, "$BUILDPLATFORM"), StageFacts(4)], ""),
        ([StageFacts(1, "linux/amd64")], "--platform=linux/amd64 for all"),
        ([StageFacts(1, "$TARGETPLATFORM")], ""),
        ([StageFacts(1, arguments=(("TARGETARCH", "amd64", 2),))], "line 2: the default"),
        ([StageFacts(1, arguments=(("TARGETARCH", None, 2),))], ""),
        ([StageFacts(1, steps=((3, "RUN get $TARGETARCH"),))], "line 3: TARGETARCH is used"),
        (
            [
                StageFacts(1, arguments=(("TARGETARCH", None, 2),)),
                StageFacts(3, parent=0, steps=((4, "RUN get $TARGETARCH"),)),
            ],
            "",
        ),
        ([StageFacts(1, steps=((3, "ADD https://h/x-amd64 /x"),))], "line 3: the step names amd64"),
    ],
)
def test_causes_in_the_dockerfile(stages: list[StageFacts], expected: str) -> None:
    cause = from_dockerfile(stages, len(stages) - 1, ARM64, "amd64")
    assert expected in cause
    assert bool(expected) == bool(cause)
