"""`trimaran build --call` and `--check`: what can be said of a Dockerfile without building it."""

from __future__ import annotations

import click

from trimaran.build.checking import check_request, outline_request, targets_of
from trimaran.cli import call_json, call_text, failures
from trimaran.cli.session import Session
from trimaran.errors import UsageError
from trimaran.request import BuildRequest

_METHODS = ("build", "check", "outline", "targets")
_ALIASES = {"lint": "check"}


def method_of(text: str, *, check: bool) -> tuple[str, bool]:
    """What `--call METHOD[,format=json]` asks for; `--check` is short for it.

    Returns:
        the method, and whether JSON is wanted.

    Raises:
        UsageError: the method or the format is unknown.
    """
    method, _, rest = text.partition(",")
    method = "check" if check and method == "build" else _ALIASES.get(method, method)
    if method not in _METHODS:
        raise UsageError(f"unknown --call {method!r}", f"one of {', '.join(_METHODS)}")
    if rest not in ("", "format=json", "format=text"):
        raise UsageError(f"unknown --call option {rest!r}", "write format=json or format=text")
    return method, rest == "format=json"


def answer(request: BuildRequest, session: Session, method: str, *, as_json: bool) -> int:
    """Print what was asked for; gives the exit status.

    Raises:
        TrimaranError: the Dockerfile cannot be read.
    """
    match method:
        case "check":
            checked = check_request(request, session.machine)
            click.echo(call_json.check(checked) if as_json else call_text.check(checked), nl=False)
            if checked.failure and not as_json:
                failures.show(checked.failure)
            return 1 if checked.findings or checked.failure else 0
        case "outline":
            source, found = outline_request(request, session.machine)
            text = call_json.outline(source, found) if as_json else call_text.outline(found)
            click.echo(text, nl=False)
        case _:
            source, offered = targets_of(request, session.machine)
            text = call_json.targets(source, offered) if as_json else call_text.targets(offered)
            click.echo(text, nl=False)
    return 0
