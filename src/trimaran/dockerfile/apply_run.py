"""RUN to a step."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from trimaran.dockerfile import history, inline
from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.apply_mounts import apply_mounts
from trimaran.dockerfile.around import Surroundings
from trimaran.dockerfile.state import StageState, env_words
from trimaran.dockerfile.words import Expander
from trimaran.graph import steps

_MASK = "****"


def apply_run(run: df.Run, state: StageState, around: Surroundings, expand: Expander) -> None:
    """Let a RUN add its step and its line of the history.

    Raises:
        DockerfileError: a mount is wrong, or it asks for what was not granted.
    """
    words, script = inline.script(run)
    arguments = state.command(words, run.shell)
    mounts = (*script, *apply_mounts(run, state, around, expand))
    state.step = steps.Run(
        state.step,
        arguments,
        env_words(state.environment),
        state.directory,
        state.config.user,
        state.platform,
        mounts,
        _network(run, around),
        _security(run, around),
    )
    known = _masked(state.environment, mounts)
    state.record(history.layer(history.run(arguments, state.declared, known)))


def _network(run: df.Run, around: Surroundings) -> steps.Network:
    """As in BuildKit, `--network=default` is what the whole build is given."""
    if run.network in ("", "default"):
        return around.network
    if run.network == "host":
        _ask(run, around, "--network=host", "network.host")
    return run.network or "default"


def _security(run: df.Run, around: Surroundings) -> steps.Security:
    if run.security == "insecure":
        _ask(run, around, "--security=insecure", "security.insecure")
    return run.security or "sandbox"


def _ask(run: df.Run, around: Surroundings, flag: str, entitlement: str) -> None:
    if entitlement not in around.entitlements:
        raise run.line.error(
            f"RUN {flag} was not granted to this build", f"add --allow {entitlement} to grant it"
        )


def _masked(environment: Mapping[str, str], mounts: Iterable[steps.Mount]) -> Mapping[str, str]:
    """Variables as the history shows them: one that a secret hides has not the ARG's value."""
    secret = [mount.variable for mount in mounts if isinstance(mount, steps.SecretMount)]
    return {**environment, **dict.fromkeys((name for name in secret if name), _MASK)}
