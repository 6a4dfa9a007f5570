"""Secrets: in memory only, as files of the step's own tmpfs or as variables of its program."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from trimaran.errors import ContextError
from trimaran.executor import owning
from trimaran.executor.bundle import BindMount
from trimaran.executor.lent import no_secret
from trimaran.graph.steps import SecretMount
from trimaran.request import Secret

_OPTIONS = ("ro", "nosuid", "nodev", "noexec")


def find(mount: SecretMount, secrets: Mapping[str, Secret]) -> Secret | None:
    """The secret that a mount names; None if it was not given and need not be.

    Raises:
        ContextError: it was not given.
    """
    if mount.id not in secrets and mount.required:
        raise no_secret(mount)
    return secrets.get(mount.id)


def as_file(mount: SecretMount, secret: Secret, memory: Path, number: int) -> BindMount:
    """Write a secret into `memory`, a tmpfs that nobody else sees, and give its mount.

    Raises:
        HostError: its owner is not among this user's ids.
    """
    file = memory / f"secret-{number}"
    file.touch(mode=0o600)
    file.write_bytes(secret.value)
    owning.give(file, mount.uid, mount.gid, mount.mode)
    return BindMount(file, mount.target, _OPTIONS)


def as_variable(mount: SecretMount, secret: Secret | None) -> dict[str, str]:
    """The variable of a secret; one that was not given is set to nothing.

    Raises:
        ContextError: the secret cannot be a variable.
    """
    value = secret.value if secret else b""
    if b"\0" in value:
        raise ContextError(
            f"the secret {mount.id!r} holds a zero byte and cannot be a variable",
            "mount it as a file: target= in place of env=",
        )
    try:
        return {mount.variable: value.decode()}
    except UnicodeDecodeError as error:
        raise ContextError(
            f"the secret {mount.id!r} is not UTF-8 text and cannot be a variable",
            "mount it as a file: target= in place of env=",
        ) from error
