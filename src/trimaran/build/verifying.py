"""The audit before a push: what would not run where its name says is not published."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from trimaran.audit import causes
from trimaran.audit.allowances import Allowance
from trimaran.audit.causes import StageFacts
from trimaran.audit.findings import Finding
from trimaran.audit.text import findings_text
from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.instructions import Dockerfile
from trimaran.errors import ImageError, LayerError
from trimaran.events import Emit, Notice
from trimaran.oci.models import Descriptor
from trimaran.oci.place import Place
from trimaran.platforms import parse
from trimaran.store.store import Store

Explain = Callable[[Finding], Finding]
"""Adds to a finding what is known of its cause."""

_HINT = (
    "correct the Dockerfile; for files of another CPU that belong there, --allow PATTERN=REASON or"
    " the label trimaran.audit.allow; --no-verify pushes it as it is"
)
_NOTHING = "nothing was pushed"
_LAYERS_ALONE = "its layers were sent, no manifest and no tag"


class RefusedError(ImageError):
    """An image that is not what it says; `causes` tells it of each platform that is at fault."""

    def __init__(self, message: str, hint: str, causes: Mapping[str, ImageError]) -> None:
        super().__init__(message, hint)
        self.causes = causes


def same(finding: Finding) -> Finding:
    """Add nothing: the `Explain` where only the image is known."""
    return finding


class Gate(msgspec.Struct, frozen=True):
    """Lets honest images pass.

    Attributes:
        allowed: what may be foreign in every image.
        workers: how many layers are read at once.
        verify: False lets every image pass, and says so.
        asked: an index entry that its image's config denies was asked for: no error, a warning.
    """

    store: Store
    emit: Emit
    allowed: tuple[Allowance, ...] = ()
    workers: int = 1
    verify: bool = True
    asked: bool = False

    def check(
        self,
        place: Place,
        descriptor: Descriptor,
        name: str,
        explain: Explain = same,
        outcome: str = _NOTHING,
    ) -> None:
        """Refuse an image of which a platform's programs would not run there.

        Args:
            place: where the image is, whole.
            descriptor: its index or manifest.
            name: as people call it.
            explain: adds causes.
            outcome: what a refusal leaves, for its message.

        Raises:
            RefusedError: it holds such files; all of them are told.
            TrimaranError: it cannot be read.
        """
        if not self.verify:
            message = f"{name} IS NOT VERIFIED: nothing proves that it runs on its platforms"
            self.emit(Notice("warning", message, "leave --no-verify out"))
            return
        from trimaran.audit.audit import Audit  # noqa: PLC0415 - slow to load

        try:
            report = Audit(place, self.store, self.allowed, self.workers).run(descriptor)
        except LayerError as error:
            message = f"{name} cannot be audited, {outcome}: {error.message}"
            raise ImageError(message, "--no-verify pushes it as it is") from error
        errors = [one for one in report.errors if not (self.asked and one.rule == "config")]
        if errors:
            raise _refused(f"{name} is not what it says, {outcome}", map(explain, errors))
        for finding in (*report.errors, *report.warnings):
            told = findings_text([explain(finding)]).partition(": ")[2]
            self.emit(Notice("warning", told))

    def watch(
        self, place: Place, descriptor: Descriptor, name: str, *, far: bool
    ) -> tuple[Place, Callable[[], None]]:
        """Check an image that is to be copied to a registry.

        A near one is checked at once. A far one's layers are audited while they are copied, and
        those that are only mounted are read before the first manifest is written.

        Args:
            place: where the image is, whole.
            descriptor: its index or manifest.
            name: as people call it.
            far: its layers are in a registry.

        Returns:
            The place to copy it from, and what `images.copy.copy` takes as `approve`.

        Raises:
            ImageError: it would not run where its name says.
            TrimaranError: it cannot be read.
        """
        if not far or not self.verify:
            self.check(place, descriptor, name)
            return place, lambda: None
        from trimaran.audit.memory import Memory  # noqa: PLC0415 - slow to load
        from trimaran.audit.passing import Passing  # noqa: PLC0415

        passing = Passing(place, Memory(self.store))
        return passing, lambda: self.check(passing, descriptor, name, outcome=_LAYERS_ALONE)


def _refused(message: str, errors: Iterable[Finding]) -> RefusedError:
    by_platform: dict[str, list[Finding]] = {}
    for one in errors:
        by_platform.setdefault(one.platform, []).append(one)
    causes = {
        platform: ImageError(findings_text(own).removeprefix("error: "), _HINT)
        for platform, own in by_platform.items()
    }
    told = findings_text(one for own in by_platform.values() for one in own)
    return RefusedError(f"{message}\n{told}", _HINT, causes)


def by_dockerfile(dockerfile: Dockerfile, target: str) -> Explain:
    """An `Explain` that looks for the cause in the Dockerfile of the image.

    Args:
        dockerfile: what was built.
        target: the stage; empty for the last one.
    """
    stages = stage_facts(dockerfile)
    names = [stage.name for stage in dockerfile.stages]
    wanted = target.lower()
    number = len(names) - 1 - names[::-1].index(wanted) if wanted in names else len(names) - 1

    def explain(finding: Finding) -> Finding:
        if finding.rule != "machine" and not finding.also_in:
            return finding
        machine = finding.message.rpartition(" ")[2]
        cause = causes.from_dockerfile(stages, number, parse(finding.platform), machine)
        if not cause:
            return finding
        return msgspec.structs.replace(finding, cause=f"{dockerfile.source.path}, {cause}")

    return explain


def stage_facts(dockerfile: Dockerfile) -> tuple[StageFacts, ...]:
    """What `audit.causes` takes of a Dockerfile."""
    numbers: dict[str, int] = {}
    found: list[StageFacts] = []
    for stage in dockerfile.stages:
        found.append(_stage(stage, numbers.get(stage.base.lower(), -1)))
        if stage.name:
            numbers[stage.name] = stage.index
    return tuple(found)


def _stage(stage: df.Stage, parent: int) -> StageFacts:
    arguments = tuple(
        (name, default, one.line.lines[0])
        for one in stage.instructions
        if isinstance(one, df.Arg)
        for name, default in one.variables
    )
    steps = tuple(
        (one.line.lines[0], one.line.text)
        for one in stage.instructions
        if not isinstance(one, df.Arg)
    )
    return StageFacts(stage.line.lines[0], stage.platform, parent, arguments, steps)
