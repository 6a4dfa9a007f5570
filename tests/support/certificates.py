"""Keys and certificates by the openssl program: authorities, servers, clients."""

from __future__ import annotations

import subprocess
from pathlib import Path

from tests.support.registry import TlsFiles


def issue_certificate(
    folder: Path, name: str, authority: TlsFiles | None = None, also: str = "IP:127.0.0.1"
) -> TlsFiles:
    """A new key and its certificate, NAME.key and NAME.crt below `folder`.

    Args:
        folder: an existing one.
        name: the subject's common name.
        authority: who signs it; None for the key itself, which makes it an authority.
        also: the names that it holds for, as openssl writes them.
    """
    files = TlsFiles(folder / f"{name}.crt", folder / f"{name}.key")
    argv = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    argv += ["-subj", f"/CN={name}", "-addext", f"subjectAltName={also}"]
    argv += ["-keyout", str(files.key), "-out", str(files.certificate)]
    if authority:
        argv += ["-CA", str(authority.certificate), "-CAkey", str(authority.key)]
        argv += ["-addext", "basicConstraints=critical,CA:FALSE"]
    subprocess.run(argv, capture_output=True, check=True)
    return files
