"""The answers of `trimaran build --call` as text."""

from __future__ import annotations

from trimaran.build.calls import Checked
from trimaran.dockerfile.checks.findings import Finding
from trimaran.dockerfile.excerpt import excerpt
from trimaran.dockerfile.instructions import Source
from trimaran.dockerfile.outline import Outline, Target
from trimaran.ui.tables import plain_table


def check(checked: Checked) -> str:
    """What a check found, each with its lines."""
    count = len(checked.findings)
    if checked.failure and not count:
        return ""
    if not count:
        return "Check complete, no warnings found.\n"
    told = "1 warning has" if count == 1 else f"{count} warnings have"
    blocks = [_block(checked.dockerfile.source, finding) for finding in checked.findings]
    return "\n".join([f"Check complete, {told} been found!\n", *blocks])


def targets(offered: tuple[Target, ...]) -> str:
    """A table of the stages that have a name, and the default one."""
    rows = [
        (" ".join(filter(None, (one.name, "(default)" if one.default else ""))), one.description)
        for one in offered
    ]
    return plain_table(("TARGET", "DESCRIPTION"), [row for row in rows if row[0]])


def outline(found: Outline) -> str:
    """A target and a table of what it takes."""
    parts = []
    if found.target.name:
        parts.append(f"TARGET:      {found.target.name}\n")
    if found.target.description:
        parts.append(f"DESCRIPTION: {found.target.description}\n")
    if found.arguments:
        rows = [(one.name, one.value, one.description) for one in found.arguments]
        parts.append(plain_table(("BUILD ARG", "VALUE", "DESCRIPTION"), rows))
    for title, wanted in (("SECRET", found.secrets), ("SSH", found.agents)):
        if wanted:
            named = [(one.name, "true" if one.required else "") for one in wanted]
            parts.append(plain_table((title, "REQUIRED"), named))
    return "\n".join(parts)


def _block(source: Source, finding: Finding) -> str:
    rule = finding.rule
    head = f"WARNING: {rule.name}" + (f" - {rule.url}" if rule.url else "")
    place = f"{source.path}:{finding.lines[0]}"
    drawn = excerpt(source.text, finding.lines)
    return "\n".join([head, finding.detail, place, *([drawn] if drawn else ()), ""])
