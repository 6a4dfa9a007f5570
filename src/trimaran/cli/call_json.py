"""The answers of `trimaran build --call` as JSON, under the names that BuildKit gives them."""

from __future__ import annotations

import base64

import msgspec

from trimaran.build.calls import Checked
from trimaran.dockerfile.instructions import Source
from trimaran.dockerfile.outline import Outline, Target, Wanted
from trimaran.errors import DockerfileError


def check(checked: Checked) -> str:
    """What a check found."""
    source = checked.dockerfile.source
    fields: dict[str, object] = {
        "warnings": [
            {
                "ruleName": finding.rule.name,
                "description": finding.rule.description,
                "url": finding.rule.url,
                "detail": finding.detail,
                "location": _location(finding.lines),
            }
            for finding in checked.findings
        ],
        "sources": [{"filename": source.path, "language": "Dockerfile", "data": _data(source)}],
    }
    if checked.failure:
        lines = checked.failure.lines if isinstance(checked.failure, DockerfileError) else (0, 0)
        fields["buildError"] = {
            "message": checked.failure.message,
            **({"location": _location(lines)} if lines[0] else {}),
        }
    return _json(fields)


def targets(source: Source, offered: tuple[Target, ...]) -> str:
    """The stages that can be built."""
    listed = [
        {
            "name": one.name,
            "default": one.default,
            "description": one.description,
            "base": one.base,
            "platform": one.platform,
            "location": _location(one.lines),
        }
        for one in offered
    ]
    return _json({"targets": listed, "sources": [_data(source)]})


def outline(source: Source, found: Outline) -> str:
    """A target and what it takes."""
    listed = [
        {
            "name": one.name,
            "value": one.value,
            "description": one.description,
            "location": _location(one.lines),
        }
        for one in found.arguments
    ]
    fields: dict[str, object] = {
        "name": found.target.name,
        "description": found.target.description,
        "args": listed,
        "secrets": [_wanted(one) for one in found.secrets],
        "ssh": [_wanted(one) for one in found.agents],
        "sources": [_data(source)],
    }
    return _json(fields)


def _wanted(one: Wanted) -> dict[str, object]:
    return {"name": one.name, "required": one.required, "location": _location(one.lines)}


def _location(lines: tuple[int, int]) -> dict[str, object]:
    return {"ranges": [{"start": {"line": lines[0]}, "end": {"line": lines[1]}}]}


def _data(source: Source) -> str:
    return base64.b64encode(source.text.encode()).decode("ascii")


def _json(fields: dict[str, object]) -> str:
    return msgspec.json.format(msgspec.json.encode(fields), indent=2).decode() + "\n"
