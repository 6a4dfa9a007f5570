from __future__ import annotations

import pytest

from trimaran.cli.attest_options import find
from trimaran.errors import UsageError
from trimaran.request import Provenance, Sbom

PLAIN = Provenance()


def test_values_are_read_as_buildx_reads_them() -> None:
    assert find((), None, None) == (None, None)
    assert find((), "true", None) == (PLAIN, None)
    assert find((), "false", "0") == (None, None)
    assert find(("type=provenance,disabled=true",), None, None) == (None, None)
    assert find(("type=provenance",), None, "generator=scan,SELECT=all") == (
        PLAIN,
        Sbom("scan", {"SELECT": "all"}),
    )
    full = "mode=min,version=v0.2,builder-id=https://a.test/1,reproducible=true,inline-only=1"
    assert find((), f"{full},filename=how.json", None)[0] == Provenance(
        "min", "v0.2", "https://a.test/1", "how.json", reproducible=True, inline_only=True
    )
    assert find(("type=sbom,generator=/bin/scan",), "mode=full", None) == (PLAIN, Sbom("/bin/scan"))


@pytest.mark.parametrize(
    ("attest", "provenance", "sbom", "said"),
    [
        ("mode=max", None, None, "names no type of attestation"),
        ("type=vex", None, None, "names no type of attestation"),
        ("type=provenance,max", None, None, "'max' is not NAME=VALUE"),
        ("type=provenance", "mode=min", None, "provenance is asked for twice"),
        (None, "mode=all", None, "there is no such mode"),
        (None, "version=v2", None, "there is none"),
        (None, "mod=min", None, "unknown field 'mod'"),
        (None, "filename=../x", None, "not a path"),
        (None, "reproducible=maybe", None, "neither true nor false"),
        (None, None, "true", "no generator is named"),
        ("type=sbom", None, None, "no generator is named"),
    ],
)
def test_what_makes_no_sense_is_named(
    attest: str | None, provenance: str | None, sbom: str | None, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        find((attest,) if attest else (), provenance, sbom)
