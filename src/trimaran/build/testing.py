"""Tests of an image before it is published: a step on top of it, whose changes go nowhere.

So tests run side by side, emulated where needed, are shown and fail as steps do, and run once for
equal images.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping

import msgspec

from trimaran.dockerfile.lower import Lowered, StepLabel
from trimaran.errors import ImageError, UsageError
from trimaran.graph.steps import Run
from trimaran.oci.models import Healthcheck, RunConfig
from trimaran.platforms import Platform

LABEL = "trimaran.test"
HEALTH = "health"
_SHELL = ("/bin/sh", "-c")
_NS = 10**9
_RETRIES, _INTERVAL_S = 3, 5
"""Docker's own retries; its interval of 30 s would make every build wait."""


def with_tests(
    images: Mapping[Platform, Lowered], commands: tuple[str, ...], *, publish: bool
) -> tuple[dict[Platform, Lowered], tuple[Run, ...]]:
    """Give each image its tests.

    Args:
        images: by platform.
        commands: `--test`: a shell's line, a JSON list of words, or `health`.
        publish: whether the label's test counts too.

    Returns:
        The images, which know the labels of the new steps, and those steps.

    Raises:
        ImageError: `health`, and the image has no HEALTHCHECK or nothing to run.
        UsageError: a JSON list that is none.
    """
    tested: dict[Platform, Lowered] = {}
    steps: list[Run] = []
    for platform, image in images.items():
        labels = image.config.config.labels or {}
        own = (labels[LABEL],) if publish and LABEL in labels else ()
        made = {text: _step(text, image, platform) for text in dict.fromkeys((*commands, *own))}
        steps += made.values()
        known = {
            id(step): StepLabel(f"[{platform} test] {text}", platform, (0, 0))
            for text, step in made.items()
        }
        tested[platform] = msgspec.structs.replace(image, labels={**image.labels, **known})
    return tested, tuple(steps)


def _step(text: str, image: Lowered, platform: Platform) -> Run:
    config = image.config.config
    return Run(
        image.step,
        _arguments(text, config),
        tuple(config.env or ()),
        config.working_dir or "/",
        config.user,
        platform,
    )


def _arguments(text: str, config: RunConfig) -> tuple[str, ...]:
    if text == HEALTH:
        return _health(config)
    if not text.lstrip().startswith("["):
        return (*(config.shell or _SHELL), text)
    try:
        words = msgspec.json.decode(text, type=tuple[str, ...])
    except msgspec.DecodeError:
        return (*(config.shell or _SHELL), text)
    if not words:
        raise UsageError("the test [] names no program", """write --test '["/app", "--version"]'""")
    return words


def _health(config: RunConfig) -> tuple[str, ...]:
    """Start what the image runs, and ask its HEALTHCHECK until it is content."""
    check = config.healthcheck
    if check is None or len(check.test) < 2 or check.test[0] == "NONE":  # noqa: PLR2004 - kind, word
        raise ImageError(
            "--test health: the image has no HEALTHCHECK", "add one, or give --test a command"
        )
    program = (*(config.entrypoint or ()), *(config.cmd or ()))
    if not program:
        raise ImageError("--test health: the image says no command to run", "add ENTRYPOINT or CMD")
    shell = config.shell or _SHELL
    line = check.test[1] if check.test[0] == "CMD-SHELL" else shlex.join(check.test[1:])
    return (*_SHELL, _script(shlex.join(program), shlex.join((*shell, line)), check))


def _script(program: str, question: str, check: Healthcheck) -> str:
    tries = check.retries or _RETRIES
    interval_s = min(check.interval // _NS or _INTERVAL_S, _INTERVAL_S)
    start_s = check.start_period // _NS
    tries += -(-start_s // interval_s)
    return (
        f"{program} & pid=$!; n=0; until {question}; do n=$((n+1));"
        f' if [ "$n" -ge {tries} ]; then echo "unhealthy after {tries} checks"; exit 1; fi;'
        f' kill -0 "$pid" || {{ echo "it ended"; exit 1; }}; sleep {interval_s};'
        ' done; kill "$pid"'
    )
