"""Statements to instructions: each instruction's arguments are counted and its forms checked."""

from __future__ import annotations

import re
from collections.abc import Callable

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.flags import read_flags
from trimaran.dockerfile.health import build_check
from trimaran.dockerfile.read_copy import read_copy
from trimaran.dockerfile.read_run import read_run
from trimaran.dockerfile.syntax import Statement

NOT_TRIGGERS = ("FROM", "MAINTAINER", "ONBUILD")


def build(statement: Statement) -> df.Instruction:
    """The instruction of a statement that is not FROM.

    Raises:
        DockerfileError: a flag, the number of arguments or a value is wrong.
    """
    return _BUILDERS[statement.keyword](statement)


def _cmd(statement: Statement) -> df.Cmd:
    read_flags(statement)
    return df.Cmd(statement.line, statement.arguments, not statement.is_json)


def _entrypoint(statement: Statement) -> df.Entrypoint:
    read_flags(statement)
    return df.Entrypoint(statement.line, statement.arguments, not statement.is_json)


def _env(statement: Statement) -> df.Env:
    return df.Env(statement.line, _pairs(statement), _is_legacy(statement))


def _label(statement: Statement) -> df.Label:
    return df.Label(statement.line, _pairs(statement), _is_legacy(statement))


def _is_legacy(statement: Statement) -> bool:
    return "=" not in statement.arguments[2::3]


def _pairs(statement: Statement) -> df.Pairs:
    read_flags(statement)
    _at_least_one(statement)
    words = statement.arguments
    pairs = tuple(zip(words[0::3], words[1::3], strict=True))
    if not all(name for name, _ in pairs):
        raise statement.line.error(f"{statement.keyword} has an empty name", "write NAME=VALUE")
    return pairs


def _arg(statement: Statement) -> df.Arg:
    read_flags(statement)
    _at_least_one(statement)
    variables: list[tuple[str, str | None]] = []
    for word in statement.arguments:
        name, equals, default = word.partition("=")
        if not name:
            raise statement.line.error("ARG has an empty name", "write ARG NAME[=DEFAULT]")
        variables.append((name, default if equals else None))
    return df.Arg(statement.line, tuple(variables))


def _workdir(statement: Statement) -> df.Workdir:
    return df.Workdir(statement.line, _one(statement))


def _user(statement: Statement) -> df.User:
    return df.User(statement.line, _one(statement))


def _stop_signal(statement: Statement) -> df.StopSignal:
    return df.StopSignal(statement.line, _one(statement))


def _maintainer(statement: Statement) -> df.Maintainer:
    return df.Maintainer(statement.line, _one(statement))


def _expose(statement: Statement) -> df.Expose:
    read_flags(statement)
    _at_least_one(statement)
    return df.Expose(statement.line, tuple(sorted(statement.arguments)))


def _volume(statement: Statement) -> df.Volume:
    read_flags(statement)
    _at_least_one(statement)
    paths = tuple(path.strip() for path in statement.arguments)
    if not all(paths):
        raise statement.line.error("VOLUME has an empty path")
    return df.Volume(statement.line, paths)


def _shell(statement: Statement) -> df.Shell:
    read_flags(statement)
    if not statement.is_json or not statement.arguments:
        raise statement.line.error(
            "SHELL needs a JSON list of words", 'write SHELL ["/bin/bash", "-c"]'
        )
    return df.Shell(statement.line, statement.arguments)


def _health_check(statement: Statement) -> df.HealthCheck:
    return df.HealthCheck(statement.line, build_check(statement))


def _on_build(statement: Statement) -> df.OnBuild:
    read_flags(statement)
    if not statement.arguments:
        raise statement.line.error("ONBUILD needs an instruction", "write ONBUILD RUN make")
    keyword = statement.arguments[0].split(maxsplit=1)[0].upper()
    if keyword in NOT_TRIGGERS:
        raise statement.line.error(f"ONBUILD cannot trigger {keyword}")
    # As in BuildKit the config holds the text as written, with the heredocs below it.
    trigger = re.sub(r"^\s*ONBUILD\s*", "", statement.text, flags=re.IGNORECASE | re.ASCII)
    texts = [f"\n{heredoc.text}{heredoc.name}" for heredoc in statement.heredocs]
    return df.OnBuild(statement.line, trigger + "".join(texts))


def _one(statement: Statement) -> str:
    read_flags(statement)
    if len(statement.arguments) != 1:
        raise statement.line.error(f"{statement.keyword} needs an argument")
    return statement.arguments[0]


def _at_least_one(statement: Statement) -> None:
    if not statement.arguments:
        raise statement.line.error(f"{statement.keyword} needs an argument")


_BUILDERS: dict[str, Callable[[Statement], df.Instruction]] = {
    "ADD": read_copy,
    "ARG": _arg,
    "CMD": _cmd,
    "COPY": read_copy,
    "ENTRYPOINT": _entrypoint,
    "ENV": _env,
    "EXPOSE": _expose,
    "HEALTHCHECK": _health_check,
    "LABEL": _label,
    "MAINTAINER": _maintainer,
    "ONBUILD": _on_build,
    "RUN": read_run,
    "SHELL": _shell,
    "STOPSIGNAL": _stop_signal,
    "USER": _user,
    "VOLUME": _volume,
    "WORKDIR": _workdir,
}
