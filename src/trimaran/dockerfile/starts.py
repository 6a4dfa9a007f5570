"""Where a stage starts: a base image, a local folder."""

from __future__ import annotations

import msgspec

from trimaran.dockerfile import history
from trimaran.dockerfile.bases import BasedStage
from trimaran.dockerfile.state import StageState, bare_image, empty_image
from trimaran.graph.steps import ContextFiles, Copy, Part, Step
from trimaran.oci.models import ImageConfig, RootFS


class BaseImage(msgspec.Struct, frozen=True):
    """A base that was resolved: its layers as steps (None if it has none) and its config."""

    step: Step | None
    config: ImageConfig


def start_from_image(base: BaseImage, based: BasedStage) -> StageState:
    """An image's file system and config; its triggers are not inherited."""
    changes = {} if based.replaced else {"on_build": None}
    config = msgspec.structs.replace(base.config.config, **changes)
    image = msgspec.structs.replace(base.config, created="", rootfs=RootFS(), config=config)
    platform = image.platform if based.replaced else based.platform
    return StageState(base.step, image, platform, base_history=len(image.history))


def start_from_folder(context: str, based: BasedStage) -> StageState:
    """A local folder as a file system: one layer that holds its files."""
    platform = based.platform
    image = bare_image(platform) if based.replaced else empty_image(platform)
    files = Copy(None, (Part(ContextFiles(context), (".",)),), "/")
    state = StageState(files, image, platform)
    state.record(history.layer(f"FROM {context}"))
    return state
