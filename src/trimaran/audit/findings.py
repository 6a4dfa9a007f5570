"""What the audit says: findings, and the report of an image with all its platforms."""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["error", "warning"]
"""`error`: it would not run on a CPU of the platform; `warning`: it might not."""
Rule = Literal[
    "config",
    "platform",
    "machine",
    "abi",
    "arm-level",
    "x86-level",
    "riscv-profile",
    "power-level",
    "loader",
    "interpreter",
    "entrypoint",
    "packages",
]
RULES: dict[Rule, str] = {
    "config": "An image's config names the platform that its index entry names",
    "platform": "An image is of the platform that it names",
    "machine": "Programs and libraries are made for the platform's CPU",
    "abi": "Programs keep to the platform's calling convention",
    "arm-level": "ARM programs need no newer architecture than the variant",
    "x86-level": "x86-64 programs need no higher level than the variant",
    "riscv-profile": "RISC-V programs need no extension beyond the profile",
    "power-level": "PowerPC programs need no newer processor than the variant",
    "loader": "The dynamic loader of a program is in the image and of the same machine",
    "interpreter": "The interpreter of a script is in the image",
    "entrypoint": "What the image runs is in the image and can run on the platform",
    "packages": "Package databases are of the platform's architecture",
}


class Finding(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One thing that is wrong with one platform's image.

    Attributes:
        platform: as the index, or a single image's config, names it.
        path: absolute in the image; empty if the whole image is meant.
        layer: the digest of the layer that the file comes from.
        step: the history's line of the step that made the layer.
        cause: why it is so, where that can be told.
        also_in: other platforms whose images hold this very file.
        allowed: the reason for which it is let pass; empty if it is not.
    """

    severity: Severity
    rule: Rule
    platform: str
    message: str
    path: str = ""
    layer: str = ""
    step: str = ""
    cause: str = ""
    also_in: tuple[str, ...] = ()
    allowed: str = ""


class AuditedImage(msgspec.Struct, frozen=True, rename="camel"):
    """One platform's image; `binaries` counts its ELF files."""

    platform: str
    digest: str
    binaries: int


class Report(msgspec.Struct, frozen=True, rename="camel"):
    """The audit of an image, all its platforms or the chosen ones."""

    digest: str
    images: tuple[AuditedImage, ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> list[Finding]:
        return [one for one in self.findings if one.severity == "error" and not one.allowed]

    @property
    def warnings(self) -> list[Finding]:
        return [one for one in self.findings if one.severity == "warning" and not one.allowed]
