"""A tag for each platform of a build: `whoami:arm64` beside `whoami`, `1.0-arm64` beside `1.0`.

They are what `docker manifest create` is fed with. 32-bit arm is arm32, as in the names of Docker's
official images; a variant is named where it is not the usual one or several are built.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from trimaran.build.assemble import BuiltIndex
from trimaran.oci.models import Descriptor
from trimaran.platforms import Platform
from trimaran.references import DEFAULT_TAG, Reference
from trimaran.request import BuildRequest


def arch_tags(
    names: Sequence[Reference], platforms: Collection[Platform]
) -> Mapping[Platform, tuple[Reference, ...]]:
    """The names that each platform's image gets.

    Args:
        names: of the whole result, with tags.
        platforms: of the build, normalised.
    """
    return {
        platform: tuple(name.with_tag(_tag(name.tag, platform, platforms)) for name in names)
        for platform in platforms
    }


def named(
    request: BuildRequest, names: Sequence[Reference], result: BuiltIndex
) -> Iterator[tuple[Reference, Descriptor]]:
    """Every name of a result with what it is to mean, those of single platforms first.

    A platform's names do not depend on whether another one is missing.
    """
    if request.arch_tags:
        platforms = request.platforms or [image.platform for image in result.images]
        tags = arch_tags(names, platforms)
        for image in result.images:
            for tag in tags[image.platform]:
                yield tag, image.manifest
    for tag in names:
        yield tag, result.descriptor


def _tag(tag: str, platform: Platform, platforms: Collection[Platform]) -> str:
    same = [each for each in platforms if each.architecture == platform.architecture]
    is_arm = platform.architecture == "arm"
    word = "arm32" if is_arm else platform.architecture
    if len(same) > 1 or not is_arm:
        word += platform.variant
    return word if tag == DEFAULT_TAG else f"{tag}-{word}"
