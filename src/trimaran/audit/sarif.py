"""A report as SARIF 2.1.0, which code hosts show beside a change."""

from __future__ import annotations

from typing import Any

import msgspec

from trimaran.audit.findings import RULES, Finding, Report

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def sarif(report: Report, name: str, version: str) -> bytes:
    """The report as a SARIF log with one run.

    Args:
        report: from the audit.
        name: the image's, as the user knows it.
        version: this program's.
    """
    rules = [{"id": rule, "shortDescription": {"text": text}} for rule, text in RULES.items()]
    driver = {"name": "trimaran", "version": version, "rules": rules}
    results = [_result(finding, name) for finding in report.findings]
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return msgspec.json.format(msgspec.json.encode(log)) + b"\n"


def _result(finding: Finding, name: str) -> dict[str, Any]:
    parts = (f"{finding.path} {finding.message}".strip(), finding.cause)
    result: dict[str, Any] = {
        "ruleId": finding.rule,
        "level": finding.severity,
        "message": {"text": f"{finding.platform}: {'; '.join(part for part in parts if part)}"},
        "locations": [
            {
                "physicalLocation": {"artifactLocation": {"uri": finding.path.lstrip("/") or name}},
                "logicalLocations": [{"fullyQualifiedName": f"{name} {finding.platform}"}],
            }
        ],
        "properties": {
            "platform": finding.platform,
            "layer": finding.layer,
            "step": finding.step,
            "alsoIn": list(finding.also_in),
        },
    }
    if finding.allowed:
        suppression = {"kind": "external", "justification": finding.allowed}
        result["suppressions"] = [suppression]
    return result
