"""Whole Dockerfiles: good ones with what they lower to, bad ones with the exact error text.

A good folder holds `Dockerfile`, `expected.txt` and, where needed, `options.json` (platform,
build_args, target, labels, local_contexts, image_contexts, network, entitlements, and `images`: run
configs of bases by name). A bad folder holds `Dockerfile`, `error.txt` and the same options. With
the variable TRIMARAN_WRITE_GOLDEN set, the texts are written anew.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from trimaran import digests
from trimaran.cli import failures
from trimaran.dockerfile.lower import BaseImage, BaseKey, Lowered, Needs, lower
from trimaran.dockerfile.parse import parse
from trimaran.errors import DockerfileError
from trimaran.graph.steps import (
    BindMount,
    CacheMount,
    ContextFiles,
    Copy,
    Extract,
    FileSource,
    InlineFiles,
    MakeFolder,
    Mount,
    Run,
    Step,
    StepFiles,
    walk,
)
from trimaran.oci import media_types
from trimaran.oci.models import Descriptor, History, ImageConfig, RunConfig, encode
from trimaran.platforms import Platform
from trimaran.platforms import parse as parse_platform

HERE = Path(__file__).parent
GOOD = sorted(path.parent for path in (HERE / "good").glob("*/Dockerfile"))
BAD = sorted(path.parent for path in (HERE / "bad").glob("*/Dockerfile"))
AMD64 = Platform("linux", "amd64")


@pytest.mark.parametrize("folder", GOOD, ids=lambda folder: folder.name)
def test_good(folder: Path) -> None:
    _compare(folder / "expected.txt", _draw(*_lower(folder)))


@pytest.mark.parametrize("folder", BAD, ids=lambda folder: folder.name)
def test_bad(folder: Path) -> None:
    with pytest.raises(DockerfileError) as caught:
        _lower(folder)
    _compare(folder / "error.txt", failures.text(caught.value) + "\n")


def test_there_are_cases() -> None:
    assert len(GOOD) >= 20
    assert len(BAD) >= 40


def _compare(golden: Path, text: str) -> None:
    if os.environ.get("TRIMARAN_WRITE_GOLDEN"):
        golden.write_text(text, encoding="utf-8")
    assert text == golden.read_text(encoding="utf-8")


def _lower(folder: Path) -> tuple[list[Needs], Lowered]:
    text = (folder / "Dockerfile").read_bytes().decode("utf-8")
    file = folder / "options.json"
    options: dict[str, Any] = json.loads(file.read_text()) if file.exists() else {}
    images: dict[str, dict[str, Any]] = options.get("images", {})
    dockerfile = parse(text, "Dockerfile")
    bases: dict[BaseKey, BaseImage] = {}
    rounds: list[Needs] = []
    while True:
        lowered = lower(
            dockerfile,
            platform=parse_platform(options.get("platform", "linux/arm64")),
            build_platform=AMD64,
            build_args=options.get("build_args", {}),
            target=options.get("target", ""),
            labels=options.get("labels", {}),
            local_contexts=frozenset(options.get("local_contexts", ())),
            image_contexts=frozenset(options.get("image_contexts", ())),
            bases=bases,
            network=options.get("network", "default"),
            entitlements=frozenset(options.get("entitlements", ())),
        )
        if isinstance(lowered, Lowered):
            return rounds, lowered
        assert not lowered.lines.keys() & bases.keys()
        rounds.append(lowered)
        bases.update({key: _base(key, images.get(key.name, {})) for key in lowered.lines})


def _base(key: BaseKey, run_config: dict[str, Any]) -> BaseImage:
    digest = digests.of(f"{key.name} {key.platform}".encode())
    layer = Descriptor(media_types.LAYER_GZIP, digest, 1000)
    config = ImageConfig(
        architecture=key.platform.architecture,
        os=key.platform.os,
        variant=key.platform.variant,
        created="2024-01-01T00:00:00Z",
        config=msgspec.convert({"Env": ["PATH=/bin"], "Cmd": ["sh"]} | run_config, RunConfig),
        history=(History(created="2024-01-01T00:00:00Z", created_by="base"),),
    )
    return BaseImage(Extract(None, layer, digest, key.name), config)


def _draw(rounds: list[Needs], lowered: Lowered) -> str:
    lines = []
    for needs in rounds:
        names = sorted(f"{key.name} for {key.platform}" for key in needs.lines)
        lines.append(f"needs {', '.join(names)}")
    steps = list(walk((lowered.step,))) if lowered.step else []
    numbers = {id(step): number for number, step in enumerate(steps, 1)}
    for step in steps:
        label = lowered.labels[id(step)]
        lines.append(f"{numbers[id(step)]}: {label.text}")
        lines.append(f"    lines {label.lines[0]}-{label.lines[1]}")
        lines += [f"    {line}" for line in _draw_step(step, numbers)]
    lines.append(f"result {numbers[id(lowered.step)] if lowered.step else 'nothing'}")
    if lowered.unused_build_args:
        lines.append(f"unused {', '.join(lowered.unused_build_args)}")
    config = msgspec.json.format(encode(lowered.config), indent=2).decode()
    return "\n".join([*lines, config]) + "\n"


def _draw_step(step: Step, numbers: dict[int, int]) -> Iterator[str]:
    on = f"on {numbers[id(step.parent)]}" if step.parent else "on nothing"
    match step:
        case Extract():
            yield f"extract {step.image} {on}"
        case Run():
            yield f"run {on} for {step.platform} as {step.user!r} in {step.directory}"
            yield f"arguments {json.dumps(step.arguments)}"
            yield f"environment {json.dumps(step.environment)}"
            yield from (_draw_mount(mount, numbers) for mount in step.mounts)
            if (step.network, step.security) != ("default", "sandbox"):
                yield f"network {step.network} security {step.security}"
        case Copy():
            for part in step.parts:
                source = _draw_source(part.source, numbers)
                yield f"copy {on} from {source}: {json.dumps(part.paths)} to {step.destination}"
                yield f"owner {step.owner!r} mode {step.mode!r} unpack {part.unpack}"
            if step.link or step.keep_parents or step.excludes:
                yield f"link {step.link} parents {step.keep_parents} excludes {step.excludes}"
        case MakeFolder():
            yield f"make folder {on}: {step.path} as {step.user!r}"


def _draw_mount(mount: Mount, numbers: dict[int, int]) -> str:
    fields = msgspec.structs.asdict(mount)
    if isinstance(mount, BindMount | CacheMount):
        fields["step"] = numbers[id(mount.step)] if mount.step else "nothing"
    if "mode" in fields:
        fields["mode"] = f"{fields['mode']:o}"
    words = " ".join(f"{name}={value}" for name, value in fields.items())
    return f"{type(mount).__name__} {words}"


def _draw_source(source: FileSource, numbers: dict[int, int]) -> str:
    match source:
        case ContextFiles(context=context):
            return f"context {context!r}"
        case StepFiles(step=step):
            return f"step {numbers[id(step)]}" if step else "nothing"
        case InlineFiles(files=files):
            return f"the Dockerfile {json.dumps(files)}"
        case _:
            return str(source)
