"""The user's settings file: what is said once instead of on every call.

`[registry."registry.lan:5000"]` and below it `plain-http = true`.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

import msgspec

from trimaran.errors import UsageError


class RegistrySettings(msgspec.Struct, frozen=True, rename="kebab", forbid_unknown_fields=True):
    """`plain_http` allows a registry to be spoken to without TLS, if it has none."""

    plain_http: bool = False


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The file; registries by host and port."""

    registry: dict[str, RegistrySettings] = {}

    @property
    def plain_http(self) -> frozenset[str]:
        """The registries that may be spoken to without TLS."""
        return frozenset(name for name, each in self.registry.items() if each.plain_http)


def read(path: Path) -> Settings:
    """Read the file; without one, nothing is set.

    Raises:
        UsageError: it cannot be read, is no TOML, or has a setting that is not known.
    """
    try:
        return msgspec.convert(tomllib.loads(path.read_text("utf-8")), Settings)
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, msgspec.ValidationError) as error:
        hint = 'a registry is written: [registry."HOST:PORT"], and below it: plain-http = true'
        raise UsageError(f"{path}: {error}", hint) from error
