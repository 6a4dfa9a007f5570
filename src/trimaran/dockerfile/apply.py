"""Instructions to steps and config: what each one does to a stage.

The behaviour is that of BuildKit's Dockerfile frontend; variables are expanded with the environment
as it was before the instruction.
"""

from __future__ import annotations

import msgspec

from trimaran.dockerfile import arguments, history, values
from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.apply_copy import apply_copy
from trimaran.dockerfile.apply_run import apply_run
from trimaran.dockerfile.around import Surroundings
from trimaran.dockerfile.checks import values as checks
from trimaran.dockerfile.state import StageState, clean, env_pairs, env_words, join
from trimaran.dockerfile.words import Expander, Watched
from trimaran.graph import steps


def apply(instruction: df.Instruction, state: StageState, around: Surroundings) -> None:
    """Let `instruction` change `state`.

    Raises:
        DockerfileError: a word cannot be expanded, or a value is wrong after expansion.
    """
    watched = Watched(state.environment)
    _apply(instruction, state, around, Expander(around.escape, watched, instruction.line))
    missed = watched.missed.difference(name for name, _ in state.declared)
    around.report(checks.undefined(instruction.line, missed, state.environment))


def _apply(
    instruction: df.Instruction, state: StageState, around: Surroundings, expand: Expander
) -> None:
    match instruction:
        case df.Run():
            apply_run(instruction, state, around, expand)
        case df.Copy():
            apply_copy(instruction, state, around, expand)
        case df.Arg():
            _arg(instruction, state, around, expand)
        case df.Workdir():
            _workdir(state, expand.word(instruction.path))
        case df.Expose():
            _expose(instruction, state, around, expand)
        case df.Cmd() | df.Entrypoint():
            has_shell = bool(state.config.shell)
            around.report(checks.shell_form(instruction, has_shell=has_shell))
            _command(instruction, state)
        case _:
            _apply_setting(instruction, state, expand)


def _arg(arg: df.Arg, state: StageState, around: Surroundings, expand: Expander) -> None:
    words: list[str] = []
    for name, default in arg.variables:
        value: str | None
        if name in around.build_args:
            value = around.build_args[name]
        elif default is not None:
            value = expand.word(default)
        else:
            value = around.scope.get(name)
        if name in arguments.SCANNING:
            state.scanning = (value or "") if name == arguments.SCAN_STAGE else state.scanning
        else:
            if value is not None:
                state.environment[name] = value
            state.declared.append((name, value))
        words.append(name if value is None else f"{name}={value}")
    state.record(history.setting(" ".join(["ARG", *words])))


def _workdir(state: StageState, path: str) -> None:
    directory = join(state.directory, path)
    state.set_config(working_dir=directory)
    if directory == "/":
        state.record(history.setting("WORKDIR /"))
        return
    state.step = steps.MakeFolder(state.step, clean(directory), state.config.user)
    state.record(history.folder(f"WORKDIR {directory}"))


def _apply_setting(instruction: df.Instruction, state: StageState, expand: Expander) -> None:
    match instruction:
        case df.Env():
            _env(state, [(expand.word(name), expand.word(v)) for name, v in instruction.pairs])
        case df.Label():
            _label(state, [(expand.word(name), expand.word(v)) for name, v in instruction.pairs])
        case df.User():
            user = expand.word(instruction.user)
            state.set_config(user=user)
            state.record(history.setting(f"USER {user}"))
        case df.Volume():
            _volume(instruction, state, [expand.word(path) for path in instruction.paths])
        case df.StopSignal():
            _stop_signal(instruction, state, expand.word(instruction.signal))
        case _:
            _apply_literal(instruction, state)


def _apply_literal(instruction: df.Instruction, state: StageState) -> None:
    """The instructions whose words are not expanded."""
    match instruction:
        case df.HealthCheck():
            state.set_config(healthcheck=instruction.check)
            state.record(history.setting(history.health_check(instruction.check)))
        case df.Shell():
            state.set_config(shell=instruction.arguments)
            words = history.plain_list(instruction.arguments)
            state.record(history.setting(f"SHELL {words}"))
        case df.OnBuild():
            state.set_config(on_build=(*(state.config.on_build or ()), instruction.trigger))
        case df.Maintainer():
            state.image = msgspec.structs.replace(state.image, author=instruction.name)
            state.record(history.setting(f"MAINTAINER {instruction.name}"))


def _env(state: StageState, pairs: list[tuple[str, str]]) -> None:
    state.environment.update(pairs)
    state.set_config(env=env_words({**env_pairs(state.config.env), **dict(pairs)}))
    state.record(history.setting(history.pairs("ENV", pairs)))


def _label(state: StageState, pairs: list[tuple[str, str]]) -> None:
    state.set_config(labels={**(state.config.labels or {}), **dict(pairs)})
    state.record(history.setting(history.pairs("LABEL", pairs)))


def _expose(expose: df.Expose, state: StageState, around: Surroundings, expand: Expander) -> None:
    ports: list[str] = []
    for word in (port for written in expose.ports for port in expand.words(written)):
        around.report(checks.port(expose.line, word))
        try:
            ports += values.parse_ports(word)
        except ValueError as error:
            hint = "write EXPOSE PORT[-PORT][/tcp|/udp]"
            raise expose.line.error(f"EXPOSE {word}: {error}", hint) from error
    exposed = {**(state.config.exposed_ports or {}), **{port: {} for port in ports}}
    state.set_config(exposed_ports=exposed or None)
    state.record(history.setting(f"EXPOSE {history.plain_list(ports)}"))


def _volume(volume: df.Volume, state: StageState, paths: list[str]) -> None:
    if not all(paths):
        raise volume.line.error("VOLUME has an empty path after expansion")
    state.set_config(volumes={**(state.config.volumes or {}), **{path: {} for path in paths}})
    state.record(history.setting(f"VOLUME {history.plain_list(paths)}"))


def _stop_signal(stop: df.StopSignal, state: StageState, signal: str) -> None:
    if not values.is_signal(signal):
        hint = "write a signal's name or number, such as SIGTERM"
        raise stop.line.error(f"STOPSIGNAL {signal} is not a signal", hint)
    state.set_config(stop_signal=signal)
    state.record(history.setting(f"STOPSIGNAL {signal}"))


def _command(instruction: df.Cmd | df.Entrypoint, state: StageState) -> None:
    arguments = state.command(instruction.arguments, instruction.shell)
    if isinstance(instruction, df.Cmd):
        _cmd(state, arguments)
    else:
        _entrypoint(state, arguments)


def _cmd(state: StageState, arguments: tuple[str, ...]) -> None:
    # ArgsEscaped means nothing on Linux, but BuildKit sets it with every CMD.
    state.set_config(cmd=arguments or None, args_escaped=True)
    state.has_cmd = True
    state.record(history.setting(f"CMD {history.quoted_list(arguments)}"))


def _entrypoint(state: StageState, arguments: tuple[str, ...]) -> None:
    state.set_config(entrypoint=arguments or None)
    if not state.has_cmd:
        state.set_config(cmd=None)
    state.record(history.setting(f"ENTRYPOINT {history.quoted_list(arguments)}"))
