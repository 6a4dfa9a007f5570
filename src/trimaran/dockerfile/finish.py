"""The last touch to a target's config."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from trimaran.oci.models import ImageConfig, RunConfig
from trimaran.platforms import Platform


def finish(image: ImageConfig, platform: Platform, labels: Mapping[str, str]) -> ImageConfig:
    """The target's config: labelled, and for the platform that was asked for.

    What `--platform` of a FROM says does not count here, nor does what the base claims. As in
    BuildKit, empty lists and maps are left out.
    """
    same = (image.os, image.architecture) == (platform.os, platform.architecture)
    named = Platform(
        platform.os, platform.architecture, platform.variant or (image.variant if same else "")
    ).normalised()
    return msgspec.structs.replace(
        image,
        config=_without_empties(image.config, labels),
        os=named.os,
        architecture=named.architecture,
        variant=named.variant,
        os_version=platform.os_version or (image.os_version if same else ""),
        os_features=platform.os_features or image.os_features,
    )


def _without_empties(config: RunConfig, labels: Mapping[str, str]) -> RunConfig:
    return msgspec.structs.replace(
        config,
        labels={**(config.labels or {}), **labels} or None,
        env=config.env or None,
        entrypoint=config.entrypoint or None,
        cmd=config.cmd or None,
        exposed_ports=config.exposed_ports or None,
        volumes=config.volumes or None,
        on_build=config.on_build or None,
        shell=config.shell or None,
    )
