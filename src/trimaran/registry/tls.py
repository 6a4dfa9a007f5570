"""TLS settings: the system's authorities, and those of Docker's certs.d folder."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from functools import cache
from pathlib import Path

from trimaran.errors import RegistryError


def context(certs: Path | None, *, as_client: bool = True) -> ssl.SSLContext:
    """Trust the system's authorities and, where `certs` is given, those of a registry's folder.

    Args:
        certs: a folder with `*.crt` (authorities) and pairs NAME.cert, NAME.key (this client's
            certificate), the layout of Docker's certs.d/HOST (Docker's manual, Verify repository
            client with certificates).
        as_client: show this client's certificate to servers that ask for one.

    Raises:
        RegistryError: a file in it cannot be used, or one of a pair is missing.
    """
    if certs is None:
        return _system_context()
    made = ssl.create_default_context()
    for authority in sorted(certs.glob("*.crt")):
        _load(authority, made.load_verify_locations)
    for certificate in _pairs(certs) if as_client else ():
        # Without a password OpenSSL would ask the terminal for that of an encrypted key.
        _load(
            certificate,
            lambda path: made.load_cert_chain(path, path.with_suffix(".key"), password=""),
        )
    return made


def _pairs(certs: Path) -> list[Path]:
    """The certificates of this client, each with its key beside it."""
    found = {path.with_suffix("") for kind in ("cert", "key") for path in certs.glob(f"*.{kind}")}
    for base in sorted(found):
        for path in (base.with_suffix(".cert"), base.with_suffix(".key")):
            if not path.exists():
                hint = "a client's certificate is NAME.cert with its key in NAME.key"
                raise RegistryError(f"{path} is missing", hint)
    return sorted(base.with_suffix(".cert") for base in found)


@cache
def _system_context() -> ssl.SSLContext:
    # Reading some hundred authorities takes tens of milliseconds.
    return ssl.create_default_context()


def _load(path: Path, load: Callable[[Path], None]) -> None:
    try:
        load(path)
    except (OSError, ssl.SSLError) as error:
        raise RegistryError(f"cannot use {path}: {error.strerror or error}") from error
