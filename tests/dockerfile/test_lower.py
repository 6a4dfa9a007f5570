from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran import digests
from trimaran.dockerfile import arguments
from trimaran.dockerfile.lower import BaseImage, BaseKey, Lowered, Needs, lower
from trimaran.dockerfile.parse import parse
from trimaran.errors import DockerfileError
from trimaran.graph.identity import identities
from trimaran.graph.steps import Extract, Run, chain, walk
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, ImageConfig, RunConfig
from trimaran.platforms import Platform

AMD64 = Platform("linux", "amd64")
ARM64 = Platform("linux", "arm64")
ARM_V7 = Platform("linux", "arm", "v7")


def base(key: BaseKey, config: RunConfig | None = None) -> BaseImage:
    digest = digests.of(str(key).encode())
    step = Extract(None, Descriptor(media_types.LAYER_GZIP, digest, 1), digest, key.name)
    platform = key.platform
    run_config = config or RunConfig()
    return BaseImage(
        step, ImageConfig(platform.architecture, platform.os, platform.variant, config=run_config)
    )


def lower_once(
    text: str,
    platform: Platform = ARM64,
    bases: Mapping[BaseKey, BaseImage] | None = None,
    *,
    target: str = "",
    build_args: Mapping[str, str] | None = None,
) -> Lowered | Needs:
    return lower(
        parse(text, "Dockerfile"),
        platform=platform,
        build_platform=AMD64,
        build_args=build_args or {},
        target=target,
        labels={},
        local_contexts=frozenset(),
        image_contexts=frozenset(),
        bases=bases or {},
    )


def lower_all(
    text: str, *wanted: Platform, build_args: Mapping[str, str] | None = None
) -> list[Lowered]:
    bases: dict[BaseKey, BaseImage] = {}
    found: list[Lowered] = []
    for platform in wanted:
        lowered = lower_once(text, platform, bases, build_args=build_args)
        while isinstance(lowered, Needs):
            bases.update({key: base(key) for key in lowered.lines.keys() - bases.keys()})
            lowered = lower_once(text, platform, bases, build_args=build_args)
        found.append(lowered)
    return found


def needs_of(lowered: Lowered | Needs) -> dict[str, int]:
    """The images that are missing for arm64, with their lines."""
    assert isinstance(lowered, Needs)
    assert {key.platform for key in lowered.lines} == {ARM64}
    return {key.name: line.lines[0] for key, line in lowered.lines.items()}


def count_identities(*images: Lowered) -> int:
    steps = [image.step for image in images if image.step]
    return len(
        set(identities(steps, lambda copy: str([part.paths for part in copy.parts])).values())
    )


def test_all_needs_at_once() -> None:
    text = "FROM a AS x\nFROM b\nCOPY --from=x / /\nCOPY --from=c / /\n"
    assert needs_of(lower_once(text)) == {"a": 1, "b": 2, "c": 4}


def test_triggers_ask_for_more() -> None:
    key = BaseKey("a", ARM64)
    config = RunConfig(on_build=("COPY --from=tools /t /t",))
    assert needs_of(lower_once("\nFROM a\n", bases={key: base(key, config)})) == {"tools": 2}


def test_build_platform_stages_are_equal_for_all_platforms() -> None:
    text = (
        "FROM --platform=$BUILDPLATFORM go AS build\nCOPY . /src\nRUN build\n"
        "FROM alpine\nCOPY --from=build /out /out\n"
    )
    images = lower_all(text, AMD64, ARM64, ARM_V7)
    assert count_identities(*images) == 3 + 3 * 2


def test_a_declared_target_argument_parts_them() -> None:
    text = (
        "FROM --platform=$BUILDPLATFORM go AS build\nRUN deps\nARG TARGETARCH\nRUN build\n"
        "FROM scratch\nCOPY --from=build /out /out\n"
    )
    images = lower_all(text, AMD64, ARM64)
    assert count_identities(*images) == 2 + 2 * 2


def test_undeclared_proxies_are_no_part_of_steps() -> None:
    text = "FROM a\nRUN x\n"
    (plain,) = lower_all(text, ARM64)
    (proxied,) = lower_all(text, ARM64, build_args={"HTTP_PROXY": "http://p", "no_proxy": "x"})
    assert count_identities(plain, proxied) == 2
    assert proxied.config.history == plain.config.history
    assert proxied.unused_build_args == ()


def test_a_step_of_two_stages_is_one_object() -> None:
    text = "FROM a AS x\nRUN x\nFROM x AS y\nRUN y\nFROM x\nCOPY --from=y / /\n"
    (image,) = lower_all(text, ARM64)
    assert image.step
    runs = [step for step in walk((image.step,)) if isinstance(step, Run)]
    assert [run.arguments[-1] for run in runs] == ["x", "y"]


def test_every_step_is_labelled() -> None:
    text = "FROM a AS x\nWORKDIR /w\nFROM b\nCOPY --from=x / /\nCOPY --from=c / /\nADD t /\n"
    (image,) = lower_all(text, ARM_V7)
    assert image.step
    assert {id(step) for step in walk((image.step,))} <= image.labels.keys()


def test_a_layer_for_each_entry_that_is_not_empty() -> None:
    text = "FROM scratch\nWORKDIR /a\nENV A=1\nCOPY a b\nRUN x\nWORKDIR /\nCMD x\n"
    (image,) = lower_all(text, ARM64)
    layers = [entry for entry in image.config.history if not entry.empty_layer]
    assert len(layers) == len(chain(image.step)) == 3


def test_variants_of_the_config() -> None:
    key = BaseKey("a", ARM64)
    config = ImageConfig("arm64", "linux", "v8", os_version="1")
    for variant, expected in (("v8", ""), ("v9", "v9")):
        image = BaseImage(None, ImageConfig("arm64", "linux", variant, os_version="1"))
        lowered = lower_once("FROM a\n", bases={key: image})
        assert isinstance(lowered, Lowered)
        assert (lowered.config.architecture, lowered.config.variant) == ("arm64", expected)
        assert lowered.config.os_version == config.os_version


def test_many_stages_in_a_chain() -> None:
    text = "FROM a AS s0\n" + "".join(f"FROM s{n} AS s{n + 1}\nRUN {n}\n" for n in range(1500))
    (image,) = lower_all(text, ARM64)
    assert len(chain(image.step)) == 1501


def test_an_unneeded_stage_may_need_a_later_one() -> None:
    text = "FROM a AS x\nCOPY --from=y / /\nFROM a AS y\nFROM b\n"
    assert needs_of(lower_once(text)) == {"b": 4}
    with pytest.raises(DockerfileError, match="defined after"):
        lower_once(text, target="x")


def test_proxies_in_both_spellings() -> None:
    given = {"HTTP_PROXY": "a", "no_proxy": "b", "OTHER": "c"}
    assert arguments.proxies(given) == {
        "HTTP_PROXY": "a",
        "http_proxy": "a",
        "NO_PROXY": "b",
        "no_proxy": "b",
    }


def test_build_arguments_override_automatic_ones() -> None:
    text = "FROM --platform=$TARGETPLATFORM a\nARG TARGETARCH\nLABEL a=$TARGETARCH\n"
    given = {"TARGETPLATFORM": "linux/s390x", "TARGETARCH": "mine"}
    needs = lower_once(text, build_args=given)
    key = BaseKey("a", Platform("linux", "s390x"))
    assert isinstance(needs, Needs)
    assert list(needs.lines) == [key]
    lowered = lower_once(text, bases={key: base(key)}, build_args=given)
    assert isinstance(lowered, Lowered)
    assert lowered.config.config.labels == {"a": "mine"}
    assert lowered.config.architecture == "arm64"


LINES = st.sampled_from(
    (
        *("FROM a", "FROM a AS x", "FROM x", "FROM x AS y", "FROM scratch", "FROM $A", "FROM y"),
        *("ARG A", "ARG A=a", "ARG B=$A", "ENV A=$B B=$A", "ENV A ${B:-$A}", "ENV X=$A$A$A$A"),
        *(
            "COPY --from=x / /",
            "COPY --from=1 $A /",
            "COPY --from=b a ./$X",
            "ADD $A /",
            "COPY . .",
        ),
        *("RUN x", "WORKDIR $A", "WORKDIR ../x/", "USER $B", "EXPOSE $A 80", "VOLUME $X", "CMD"),
        *("ONBUILD RUN x", "ONBUILD COPY --from=y a b", "LABEL $A=$B", "STOPSIGNAL $A", "SHELL []"),
    )
)


@given(
    st.lists(LINES, max_size=15).map("\n".join), st.dictionaries(st.sampled_from("AB"), st.text())
)
def test_any_dockerfile_is_lowered_or_a_fault(text: str, given_args: dict[str, str]) -> None:
    try:
        (image,) = lower_all(text, ARM64, build_args=given_args)
    except DockerfileError:
        return
    layers = [entry for entry in image.config.history if not entry.empty_layer]
    made = [step for step in chain(image.step) if not isinstance(step, Extract)]
    assert len(layers) == len(made)
