"""A report as people read it: one block for each thing that is wrong, its files below it."""

from __future__ import annotations

from collections.abc import Iterable

from trimaran.audit.findings import Finding, Report

_FILES_SHOWN = 5
_STEP_CHARACTERS = 100


def report_text(report: Report) -> str:
    """The whole report, its last line the sum."""
    lines = [*_blocks(report.findings)]
    for image in report.images:
        of_image = [one for one in report.findings if one.platform == image.platform]
        lines.append(f"{image.platform}: {image.binaries} binaries, {_sum(of_image)}")
    return "\n".join(lines) + "\n"


def findings_text(findings: Iterable[Finding]) -> str:
    """Findings alone, one block for each kind, for an error's message."""
    return "\n".join(_blocks(findings))


def _sum(findings: Iterable[Finding]) -> str:
    counts = {"error": 0, "warning": 0, "allowed": 0}
    for finding in findings:
        counts["allowed" if finding.allowed else finding.severity] += 1
    told = (f"{count} {name}{'s' if count > 1 else ''}" for name, count in counts.items() if count)
    return ", ".join(told).replace("alloweds", "allowed") or "nothing wrong"


def _blocks(findings: Iterable[Finding]) -> Iterable[str]:
    """Findings that differ in their path alone stand in one block."""
    groups: dict[tuple[str, ...], list[Finding]] = {}
    for one in sorted(findings, key=lambda one: (bool(one.allowed), one.severity == "warning")):
        key = (one.severity, one.platform, one.message, one.layer, one.cause, one.allowed)
        groups.setdefault(key, []).append(one)
    for group in groups.values():
        yield from _block(group)


def _block(group: list[Finding]) -> Iterable[str]:
    first = group[0]
    head = "allowed" if first.allowed else first.severity
    paths = [one.path for one in group if one.path]
    if len(paths) == 1:
        yield f"{head}: {first.platform}: {paths[0]} {first.message}"
    else:
        yield f"{head}: {first.platform}: {f'{len(paths)} files: ' if paths else ''}{first.message}"
        yield from (f"    {path}" for path in paths[:_FILES_SHOWN])
        if len(paths) > _FILES_SHOWN:
            yield f"    and {len(paths) - _FILES_SHOWN} more"
    if first.step:
        step = " ".join(first.step.split())
        yield f"    made by: {step[:_STEP_CHARACTERS]}{'…' if len(step) > _STEP_CHARACTERS else ''}"
    if first.layer:
        yield f"    layer: {first.layer}"
    if first.cause:
        yield f"    cause: {first.cause}"
    if first.also_in:
        yield f"    the same file is in: {', '.join(first.also_in)}"
    if first.allowed:
        yield f"    allowed: {first.allowed}"
