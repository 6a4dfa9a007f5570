"""The git program, without the user's configuration, hooks, templates and credential helpers.

It asks nobody, and speaks http, https, git and ssh alone, in submodules too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from shlex import quote
from subprocess import CompletedProcess
from urllib.parse import urlsplit

import msgspec

from trimaran.errors import ContextError
from trimaran.linux import process

_PROTOCOLS = "http:https:git:ssh"
_SILENCE_LIMIT_S = 90
_SSH = "ssh -F /dev/null -o BatchMode=yes -o StrictHostKeyChecking=accept-new"
HINT = (
    "check the address, the ref and the network; a private repository needs"
    " --secret id=GIT_AUTH_TOKEN,src=FILE, or --ssh default"
)


class Git(msgspec.Struct, frozen=True):
    """The git program with an environment, for messages about `remote`, perhaps in a folder."""

    environment: Mapping[str, str]
    remote: str
    folder: Path | None = None

    def within(self, folder: Path) -> Git:
        """The same, in a folder."""
        return msgspec.structs.replace(self, folder=folder)

    def tried(self, *words: str | Path) -> CompletedProcess[bytes]:
        """Run it to its end, whatever that is."""
        return process.run(
            ("git", *words), environment=self.environment, folder=self.folder, check=False
        )

    def done(self, *words: str | Path) -> bytes:
        """Run it, and give what it printed. Raises ContextError: it failed."""
        ended = self.tried(*words)
        if ended.returncode:
            raise self.failure(ended)
        return ended.stdout

    def failure(self, ended: CompletedProcess[bytes]) -> ContextError:
        """What a run that failed said, without what may be a password."""
        lines = ended.stderr.decode(errors="replace").replace(self.remote, shown(self.remote))
        said = [line for line in lines.splitlines() if line.strip()]
        cause = next((line for line in said if line.startswith("fatal: ")), (said or ["?"])[-1])
        return ContextError(
            f"git cannot read {shown(self.remote)}: {cause.removeprefix('fatal: ')}", HINT
        )


def environment_of(
    search_path: str,
    proxies: Mapping[str, str],
    agent: Sequence[Path],
    authorization: str,
    remote: str,
) -> dict[str, str]:
    """The environment of git.

    Args:
        search_path: where it and its helpers are found.
        proxies: the environment's proxy variables.
        agent: the socket of an SSH agent, or files of private keys; empty for none.
        authorization: the header for `remote`; empty for none.
        remote: the repository.
    """
    environment = {
        "PATH": search_path,
        "HOME": "/dev/null",
        "LC_ALL": "C",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ALLOW_PROTOCOL": _PROTOCOLS,
        "GIT_SSH_COMMAND": _ssh(agent),
        **proxies,
        **_settings(authorization, remote),
    }
    if agent and agent[0].is_socket():
        environment["SSH_AUTH_SOCK"] = str(agent[0])
    return environment


def _settings(authorization: str, remote: str) -> dict[str, str]:
    """Settings by the environment, where other users cannot read them, as arguments they could."""
    pairs = [
        ("core.hooksPath", "/dev/null"),
        ("init.defaultBranch", "master"),
        ("advice.detachedHead", "false"),
        ("http.lowSpeedLimit", "1"),
        ("http.lowSpeedTime", str(_SILENCE_LIMIT_S)),
        ("gc.auto", "0"),
    ]
    if authorization:
        pairs.append((f"http.{remote}.extraHeader", f"Authorization: {authorization}"))
    made = {"GIT_CONFIG_COUNT": str(len(pairs))}
    for number, (key, value) in enumerate(pairs):
        made[f"GIT_CONFIG_KEY_{number}"] = key
        made[f"GIT_CONFIG_VALUE_{number}"] = value
    return made


def _ssh(agent: Sequence[Path]) -> str:
    """The command for SSH: it offers what --ssh lends, and none of the user's other keys."""
    keys = [path for path in agent if not path.is_socket()]
    if not keys:
        return f"{_SSH} -o IdentityFile=none"
    return " ".join([_SSH, "-o IdentitiesOnly=yes", *(f"-i {quote(str(key))}" for key in keys)])


def shown(remote: str) -> str:
    """A repository's address without what may be a password."""
    if "://" not in remote:
        return remote
    parts = urlsplit(remote)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
