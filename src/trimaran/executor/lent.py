"""Whether what a mount requires of the user was given."""

from __future__ import annotations

from trimaran.errors import ContextError
from trimaran.graph.steps import Mount, SecretMount, SshMount
from trimaran.request import RunOptions


def check(mount: Mount, options: RunOptions) -> None:
    """Refuse a mount whose secret or agent is required and missing.

    Raises:
        ContextError: it is missing.
    """
    if isinstance(mount, SecretMount) and mount.required and mount.id not in options.secrets:
        raise no_secret(mount)
    if isinstance(mount, SshMount) and mount.required and mount.id not in options.agents:
        raise no_agent(mount)


def no_secret(mount: SecretMount) -> ContextError:
    """What to say of a secret that was not given."""
    return ContextError(
        f"the secret {mount.id!r} was not given", f"add --secret id={mount.id},src=FILE"
    )


def no_agent(mount: SshMount) -> ContextError:
    """What to say of an SSH agent that was not given."""
    return ContextError(f"no SSH agent {mount.id!r} was given", f"add --ssh {mount.id}")
