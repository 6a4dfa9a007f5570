"""RUN to a step."""

from __future__ import annotations

from trimaran.dockerfile import history
from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.state import StageState, env_words
from trimaran.graph import steps


def apply_run(run: df.Run, state: StageState) -> None:
    """Let a RUN add its step and its line of the history."""
    arguments = state.command(run.arguments, run.shell)
    state.step = steps.Run(
        state.step,
        arguments,
        env_words(state.environment),
        state.directory,
        state.config.user,
        state.platform,
    )
    state.record(history.layer(history.run(arguments, state.declared, state.environment)))
