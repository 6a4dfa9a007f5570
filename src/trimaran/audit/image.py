"""The audit of one platform's image: pure findings from its layers' facts and its config."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from trimaran import platforms
from trimaran.audit import allowances, causes, packages, programs, requirements
from trimaran.audit.allowances import Allowance
from trimaran.audit.facts import LayerFacts
from trimaran.audit.findings import Finding, Rule
from trimaran.audit.requirements import ET_REL, Judgement
from trimaran.audit.tree import Place, Tree, merge
from trimaran.oci.models import ImageConfig
from trimaran.platforms import Platform

_MISLABELLED = 0.9
"""The share of programs for one other CPU from which on the label is what is wrong."""


_OF_WHOLE_IMAGES = ("loader", "interpreter", "entrypoint")
"""The rules by which something may be missing."""


class ImageFacts(msgspec.Struct, frozen=True):
    """One platform's image.

    Attributes:
        platform: what it claims to be for, normalised: its index entry's word, else its config's.
        digests: its layers', base first.
        layers: what is in them.
        whole: these are all layers; False if some are encrypted, or not the image's to pass on.
    """

    platform: Platform
    config: ImageConfig
    digests: tuple[str, ...]
    layers: tuple[LayerFacts, ...]
    whole: bool = True


class Audited(msgspec.Struct, frozen=True):
    """An image's findings, and where its ELF files are, by their sha256."""

    findings: tuple[Finding, ...]
    files: dict[bytes, str]
    binaries: int


def audit_image(image: ImageFacts, given: Iterable[Allowance]) -> Audited:
    """Judge an image.

    Args:
        image: what is known of it.
        given: what may be foreign in it, beside what its own label allows.

    Raises:
        UsageError: the label that allows files is malformed.
    """
    allowed = (*given, *allowances.of_labels(image.config.config.labels))
    tree = merge(image.layers)
    judging = _Judging(image, tree, allowed)
    found = [*judging.config()]
    if image.platform.os == "linux":  # what is known here is what Linux runs
        found += judging.platform()
        found += (one for place in tree for one in judging.place(place))
        found += judging.entrypoint()
        found += judging.packages()
    if not image.whole:
        found = [one for one in found if one.rule not in _OF_WHOLE_IMAGES]
    binaries = [place.entry for place in tree if place.entry.binary is not None]
    files = {one.binary.sha256: shown(one.path) for one in binaries if one.binary}
    return Audited(tuple(found), files, len(binaries))


def shown(path: bytes) -> str:
    """An entry's path as people read it."""
    return "/" + path.decode(errors="backslashreplace")


class _Judging:
    def __init__(self, image: ImageFacts, tree: Tree, allowed: tuple[Allowance, ...]) -> None:
        self._image = image
        self._tree = tree
        self._allowed = allowed
        self._path = programs.path_of(image.config.config)
        lines = [line.created_by for line in image.config.history if not line.empty_layer]
        whole = len(lines) == len(image.digests)
        self._steps = lines if whole else [""] * len(image.digests)

    def config(self) -> Iterator[Finding]:
        """What the config says beside the index."""
        claimed, config = self._image.platform, self._image.config.platform
        named = (config.os, config.architecture) == (claimed.os, claimed.architecture)
        # A config without a variant says nothing of it, as in `images.members`.
        if not named or (self._image.config.variant and not platforms.same(claimed, config)):
            yield self._of_image("config", f"its config says {config}")

    def platform(self) -> Iterator[Finding]:
        """What nearly all programs say."""
        counts = Counter(self._program_machines())
        name, count = next(iter(counts.most_common(1)), ("", 0))
        if name and count > 1 and count >= _MISLABELLED * counts.total():
            many = f"all its {count}" if count == counts.total() else f"{count} of {counts.total()}"
            yield self._of_image(
                "platform", f"{many} programs are for {name}: it is an image of {name}"
            )

    def place(self, place: Place) -> Iterator[Finding]:
        entry = place.entry
        judgements: list[Judgement] = []
        if entry.binary is not None:
            judgements += requirements.judge(entry.binary, shown(entry.path), self._image.platform)
            judgements += programs.check_loader(entry, entry.binary, self._tree)
        elif entry.interpreter:
            judgements += programs.check_script(entry, self._tree, self._path)
        for judgement in judgements:
            yield self._of_file(judgement, place)

    def entrypoint(self) -> Iterator[Finding]:
        config = self._image.config.config
        place, judgements = programs.check_entrypoint(config, self._tree, self._image.platform)
        for judgement in judgements:
            yield self._of_file(judgement, place)

    def packages(self) -> Iterator[Finding]:
        """Databases against the platform: all of another architecture, or some undeclared."""
        wanted = self._image.platform.machine
        held = [(place, place.entry.packages) for place in self._tree if place.entry.packages]
        for manager in ("dpkg", "apk", "rpm"):
            of_manager = [(place, one) for place, one in held if one and one.manager == manager]
            if of_manager and wanted is not None:
                place = max(of_manager, key=lambda pair: sum(pair[1].installed.values()))[0]
                databases = [one for _, one in of_manager]
                message = packages.judge(databases, self._image.platform, wanted)
                if message is not None:
                    yield self._of_file(message, place)

    def _program_machines(self) -> Iterator[str]:
        """The CPU of each program that would not run; empty for those that may."""
        for place in self._tree:
            binary, path = place.entry.binary, shown(place.entry.path)
            if binary is not None and binary.elf.e_type != ET_REL:
                found = requirements.judge(binary, path, self._image.platform)
                foreign = any(one[:2] == ("error", "machine") for one in found)
                wrong = foreign and not self._reason(place)
                yield requirements.machine_name(binary) if wrong else ""

    def _of_image(self, rule: Rule, message: str) -> Finding:
        return Finding("error", rule, str(self._image.platform), message)

    def _of_file(self, judgement: Judgement, place: Place | None) -> Finding:
        severity, rule, message = judgement
        platform = self._image.platform
        if place is None:
            return Finding(severity, rule, str(platform), message)
        step = self._steps[place.layer]
        cause = ""
        if rule == "machine" and place.entry.binary is not None:
            machine = requirements.machine_name(place.entry.binary)
            cause = causes.from_history(step, platform, machine)
        return Finding(
            severity,
            rule,
            str(platform),
            message,
            shown(place.entry.path),
            self._image.digests[place.layer],
            step,
            cause,
            allowed=self._reason(place),
        )

    def _reason(self, place: Place) -> str:
        path = "/" + os.fsdecode(place.entry.path)
        return allowances.reason_for(path, self._allowed)
