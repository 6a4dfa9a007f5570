"""TLS settings: the system's authorities, and those of Docker's certs.d folder."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import cache
from pathlib import Path

from trimaran.errors import RegistryError


def context(certs: Path | None) -> ssl.SSLContext:
    """Trust the system's authorities and, where `certs` is given, those of a registry's folder.

    Args:
        certs: a folder with `*.crt` (authorities) and pairs NAME.cert, NAME.key (this client's
            certificate), the layout of Docker's certs.d/HOST.

    Raises:
        RegistryError: a file in it cannot be used.
    """
    if certs is None:
        return _system_context()
    made = ssl.create_default_context()
    for authority in sorted(certs.glob("*.crt")):
        _load(authority, made.load_verify_locations)
    for certificate in sorted(certs.glob("*.cert")):
        _load(certificate, lambda path: made.load_cert_chain(path, path.with_suffix(".key")))
    return made


@cache
def _system_context() -> ssl.SSLContext:
    # Reading some hundred authorities takes tens of milliseconds.
    return ssl.create_default_context()


def _load(path: Path, load: Callable[[Path], None]) -> None:
    try:
        load(path)
    except (OSError, ssl.SSLError) as error:
        raise RegistryError(f"cannot use {path}: {error.strerror or error}") from error
