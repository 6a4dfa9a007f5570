"""Steps in the words of BuildKit's LLB."""

from __future__ import annotations

import pytest

from trimaran import platforms
from trimaran.build import operations
from trimaran.graph.steps import (
    BindMount,
    CacheMount,
    ContextFiles,
    Copy,
    Download,
    FileSource,
    GitTree,
    InlineFiles,
    Mount,
    Part,
    Run,
    SecretMount,
    SshMount,
    TmpfsMount,
)

PART = Part(ContextFiles(""), ("a", "b"), unpack=True)


@pytest.mark.parametrize(
    ("source", "identifier"),
    [
        (ContextFiles(""), "local://context"),
        (ContextFiles("spare"), "local://spare"),
        (Download("https://me:word@a.test/f"), "https://a.test/f"),
        (GitTree("https://me:word@a.test/r.git", "v1", "sub"), "git://a.test/r.git#v1:sub"),
        (GitTree("git@a.test:r.git"), "git://git@a.test:r.git"),
    ],
)
def test_what_comes_from_outside_is_named_without_passwords(
    source: FileSource, identifier: str
) -> None:
    found, attributes = operations.outside(source)
    assert found == identifier
    assert "word" not in str(attributes)


def test_a_copy_is_an_action_for_each_source() -> None:
    step = Copy(None, (PART,), "/to/", owner="app:7", mode="0640", excludes=("*.o",))
    made = [operations.copy(step, PART, path) for path in PART.paths]
    copied = made[0]["Action"]["copy"]
    assert copied == {
        "src": "a",
        "dest": "/to/",
        "mode": 0o640,
        "timestamp": -1,
        "owner": {
            "user": {"User": {"byName": {"name": "app", "input": 0}}},
            "group": {"User": {"byID": 7}},
        },
        "excludePatterns": ("*.o",),
        "attemptUnpackDockerCompatibility": True,
    }
    actions = operations.file(made, ["step0:0", "step1:0"], [1, 1])["Op"]["file"]["actions"]
    numbers = [(each["input"], each["secondaryInput"], each["output"]) for each in actions]
    assert numbers == [(0, 1, -1), (2, 1, 0)]
    symbolic = operations.copy(Copy(None, (PART,), "/", owner="²", mode="u=rw"), PART, "a")
    assert symbolic["Action"]["copy"]["modeStr"] == "u=rw"
    assert symbolic["Action"]["copy"]["owner"]["user"]["User"]["byName"]["name"] == "²"


def test_heredocs_are_files_with_their_content() -> None:
    files = InlineFiles((("one", "1\n"), ("two", "")))
    made = operations.mkfiles(Copy(None, (), "/to/"), files)
    assert [each["Action"]["mkfile"]["path"] for each in made] == ["/to/one", "/to/two"]
    assert made[0]["Action"]["mkfile"]["data"] == "MQo="
    (alone,) = operations.mkfiles(Copy(None, (), "/to"), InlineFiles((("one", ""),)))
    assert alone["Action"]["mkfile"]["path"] == "/to"


@pytest.mark.parametrize(
    ("mount", "said"),
    [
        (BindMount("/m", None, "/p"), {"mountType": 0, "selector": "/p", "readonly": True}),
        (SecretMount("s", "/m"), {"mountType": 1}),
        (SshMount("default", "/m", required=True), {"mountType": 2}),
        (CacheMount("/m", "key", "locked"), {"cacheOpt": {"ID": "key", "sharing": 2}}),
        (TmpfsMount("/m", 5), {"mountType": 4, "TmpfsOpt": {"size": 5}}),
    ],
)
def test_mounts_have_their_numbers(mount: Mount, said: dict[str, object]) -> None:
    found = operations.mount(mount, -1)
    assert found.items() >= {"input": -1, "dest": "/m", **said}.items()


def test_a_program_says_where_it_ran() -> None:
    platform = platforms.parse("linux/arm/v6")
    step = Run(None, ("true",), ("A=1",), "/w", "app", platform, (), "none", "insecure")
    found = operations.run(step, [])
    assert found["platform"] == {"Architecture": "arm", "OS": "linux", "Variant": "v6"}
    program = found["Op"]["exec"]
    assert (program["network"], program["security"]) == (2, 1)
    assert program["meta"] == {"args": ("true",), "env": ("A=1",), "cwd": "/w", "user": "app"}
