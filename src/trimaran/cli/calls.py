"""`trimaran build --call` and `--check`: what can be said of a Dockerfile without building it."""

from __future__ import annotations

import click

from trimaran.build.calls import check_request, outline_request, targets_of
from trimaran.cli import call_json, call_text, failures
from trimaran.cli.session import Session
from trimaran.errors import UsageError
from trimaran.request import BuildRequest

_METHODS = ("check", "outline", "targets")
_ALIASES = {"lint": "check"}
_FORMATS = ("", "format=text", "format=json")


def answer(request: BuildRequest, session: Session, call: str) -> int:
    """Print what `--call METHOD[,format=json]` asks for; gives the exit status.

    Raises:
        UsageError: the method or the format is unknown.
        TrimaranError: the Dockerfile cannot be read.
    """
    named, _, form = call.partition(",")
    method, as_json = _ALIASES.get(named, named), form == "format=json"
    if method not in _METHODS:
        hint = f"one of build, {', '.join(_METHODS)}"
        raise UsageError(f"unknown --call {call!r}", hint)
    if form not in _FORMATS:
        raise UsageError(f"unknown --call option {form!r}", "write format=json or format=text")
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
