from __future__ import annotations

import os
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran import machines, platforms
from trimaran.errors import PlatformError
from trimaran.platforms import Platform, parse

ARCHITECTURES = [row.architecture for row in machines.MACHINES if row.architecture]
VARIANTS = ["", "v1", "v2", "v3", "v5", "v6", "v7", "v8", "v9", "5", "7", "8"]
SPELLINGS = sorted({*ARCHITECTURES, *platforms._ALIASES})
any_platform = st.builds(
    Platform, st.just("linux"), st.sampled_from(SPELLINGS), st.sampled_from(VARIANTS)
)


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("arm64", "linux/arm64"),
        ("linux/aarch64", "linux/arm64"),
        ("linux/arm64/v8", "linux/arm64"),
        ("linux/arm64/8", "linux/arm64"),
        ("linux/arm64/v9", "linux/arm64/v9"),
        ("x86_64", "linux/amd64"),
        ("LINUX/AMD64", "linux/amd64"),
        ("amd64/v1", "linux/amd64"),
        ("amd64/v3", "linux/amd64/v3"),
        ("arm", "linux/arm/v7"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/6", "linux/arm/v6"),
        ("arm/v5", "linux/arm/v5"),
        ("armhf", "linux/arm/v7"),
        ("linux/armhf/v7", "linux/arm/v7"),
        ("armel", "linux/arm/v6"),
        ("arm32v7", "linux/arm/v7"),
        ("i386", "linux/386"),
        ("ppc64el", "linux/ppc64le"),
        ("mips64el", "linux/mips64le"),
        ("loongarch64", "linux/loong64"),
        ("riscv32", "linux/riscv"),
        ("linux/mips", "linux/mips"),
        (" linux/s390x ", "linux/s390x"),
    ],
)
def test_parse(text: str, normal: str) -> None:
    assert str(parse(text)) == normal


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("", "'' is not a platform", "such as linux/arm/v7"),
        ("linux//v7", "'linux//v7' is not a platform", "such as linux/arm/v7"),
        ("linux/386/..", "'linux/386/..' is not a platform", "such as linux/arm/v7"),
        ("linux/arm/v7/x", "'linux/arm/v7/x' is not a platform", "such as linux/arm/v7"),
        ("linux/z80", "unknown platform 'linux/z80': no architecture 'z80'", "riscv64"),
        ("z80", "unknown platform 'z80': no architecture 'z80'", "riscv64"),
        ("windows/amd64", "unknown platform 'windows/amd64': only linux images", ""),
        ("linux/amd64/v9", "amd64 has no variant 'v9'", "v1, v2, v3, v4"),
        ("x86", "'x86' may mean several platforms", "linux/386 or linux/amd64"),
        ("linux/x86", "'linux/x86' may mean several platforms", "linux/386 or linux/amd64"),
        ("arm32/v7", "'arm32/v7' may mean several platforms", "linux/arm/v7"),
        ("mips", "'mips' may mean several platforms", "linux/mipsle"),
        ("riscv", "'riscv' may mean several platforms", "linux/riscv64 or linux/riscv"),
        ("armhf/v6", "'armhf/v6' names two variants", "linux/arm/v7 or linux/arm/v6"),
    ],
)
def test_parse_refuses(text: str, message: str, hint: str) -> None:
    with pytest.raises(PlatformError) as caught:
        parse(text)
    assert message in caught.value.message
    assert hint in caught.value.hint


def test_what_an_ambiguous_name_may_mean_can_be_said() -> None:
    for meanings in platforms._AMBIGUOUS.values():
        assert [str(parse(meaning)) for meaning in meanings] == list(meanings)
        assert len(meanings) > 1


@given(st.text(alphabet=string.ascii_letters + string.digits + "/._- ,\n\0é", max_size=24))
def test_parse_gives_a_normal_platform_or_a_platform_error(text: str) -> None:
    try:
        platform = parse(text)
    except PlatformError:
        return
    assert platform.normalised() == platform
    assert platform.machine is not None
    assert "/" not in platform.slug


@given(any_platform)
def test_normalised_twice_is_normalised_once(platform: Platform) -> None:
    once = platform.normalised()
    assert once.normalised() == once
    assert platforms.same(once, platform)


@given(any_platform)
def test_a_parsed_platform_is_read_back_from_its_name(platform: Platform) -> None:
    try:
        parsed = parse(str(platform))
    except PlatformError:
        return
    assert parse(str(parsed)) == parsed
    assert platforms.same(parsed, platform)


def test_parse_list_keeps_each_platform_once() -> None:
    found = platforms.parse_list("linux/amd64, arm64,x86_64,linux/arm64/v8,arm/v6")
    assert [str(platform) for platform in found] == ["linux/amd64", "linux/arm64", "linux/arm/v6"]
    with pytest.raises(PlatformError):
        platforms.parse_list("linux/amd64,")


def test_host() -> None:
    host = platforms.host()
    assert host.machine == machines.host()
    assert host.normalised() == host
    assert platforms.same(host, Platform("linux", os.uname().machine))


@pytest.mark.parametrize(
    ("image", "node", "runs"),
    [
        ("arm/v6", "arm/v7", True),
        ("arm/v7", "arm/v6", False),
        ("arm", "arm/v7", True),
        ("amd64", "amd64/v3", True),
        ("amd64/v3", "amd64", False),
        ("arm64", "arm64/v9", True),
        ("arm/v7", "arm64", False),
        ("386", "amd64", False),
        ("ppc64le", "ppc64le", True),
    ],
)
def test_runs_on(image: str, node: str, runs: bool) -> None:
    assert platforms.runs_on(parse(image), parse(node)) is runs


@given(any_platform)
def test_a_platform_runs_on_itself(platform: Platform) -> None:
    assert platforms.runs_on(platform, platform)


@pytest.mark.parametrize(
    ("wanted", "offered", "chosen"),
    [
        ("arm/v7", ["arm/v5", "arm/v6", "arm/v7", "arm64"], "linux/arm/v7"),
        ("arm/v7", ["arm/v5", "arm/v6", "arm/v8"], "linux/arm/v6"),
        ("amd64/v3", ["amd64", "amd64/v2", "amd64/v4"], "linux/amd64/v2"),
        ("amd64", ["amd64/v2", "386"], "None"),
        ("s390x", ["amd64", "s390x"], "linux/s390x"),
        ("s390x", [], "None"),
    ],
)
def test_best(wanted: str, offered: list[str], chosen: str) -> None:
    assert str(platforms.best(parse(wanted), [parse(text) for text in offered])) == chosen


def test_slug_is_one_name() -> None:
    assert parse("arm/v7").slug == "linux_arm_v7"
