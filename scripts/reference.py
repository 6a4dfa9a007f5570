"""Writes docs/reference.md from the program itself.

    python scripts/reference.py > docs/reference.md

Commands, options, platforms, flags of instructions and refused system calls are read from the code;
what no code says stands here. tests/test_reference.py fails where the file is not what this prints.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable, Iterator, Sequence
from typing import get_args

import click

from trimaran import machines, platforms
from trimaran.cli.main import _group
from trimaran.dockerfile.flags import _FLAGS, Kind
from trimaran.dockerfile.forms import KEYWORDS
from trimaran.errors import UsageError
from trimaran.executor import bundle, seccomp
from trimaran.request import Annotated, Compression, OutputType

_OPENING = """\
# Reference

Written by `python scripts/reference.py > docs/reference.md` from the code; do not edit it by hand.
[guide.md](guide.md) goes by task, [dockerfile.md](dockerfile.md) by instruction.

Results go to standard output, progress and errors to standard error.
"""

ENVIRONMENT = {
    "TRIMARAN_STORE": "The store's folder; `--store` wins. Else `$XDG_DATA_HOME/trimaran`, else"
    " `/var/lib/trimaran` for root and `~/.local/share/trimaran` for others.",
    "TRIMARAN_PROGRESS": "The default of `--progress`.",
    "TRIMARAN_RUNTIME": "The OCI runtime's name or path: `runc` (the default) or `crun`.",
    "TRIMARAN_QEMU": "The default of `--qemu`; several are separated by colons.",
    "TRIMARAN_EMULATION_QUIRKS": "The default of `--emulation-quirks`.",
    "TRIMARAN_STALL_TIMEOUT": "The default of `--stall-timeout`.",
    "TRIMARAN_ACCELERATE": "The default of `--accelerate`.",
    "XDG_DATA_HOME": "See TRIMARAN_STORE.",
    "XDG_CONFIG_HOME": "The settings file is `trimaran/config.toml` below it; else below"
    " `~/.config`.",
    "DOCKER_CONFIG": "The folder of Docker's `config.json`, where logins are found; else"
    " `~/.docker`.",
    "DOCKER_HOST": "Docker's daemon for `docker-daemon:`, as `unix://PATH`; else"
    " `/var/run/docker.sock`.",
    "SOURCE_DATE_EPOCH": "Seconds since 1970. It becomes the time of new configs and history"
    " lines; later times of files become this one in layers and tars. For `build` also"
    " `context`, or the name of a named context or stage.",
    "HTTP_PROXY": "With HTTPS_PROXY, FTP_PROXY, ALL_PROXY and NO_PROXY, in either case: the way"
    " to registries, and passed to `RUN` and `trimaran run` in both cases. No part of a step's"
    " identity, and not in the image.",
    "PATH": "Where emulators and programs are found; the system's folders are added.",
    "NO_COLOR": "Set to anything: no colours.",
    "TERM": "`dumb`: no live view.",
}

STATUSES = {
    "0": "Done.",
    "1": "The build or the command failed.",
    str(UsageError.exit_status): "Wrong usage: an option, a platform's or an image's name.",
    "130": "Interrupted by Ctrl-C.",
    "143": "Ended by SIGTERM.",
    "any": "Of `trimaran run`: the program's own status; 128 + N if signal N killed it.",
}

_OUTPUTS: dict[OutputType, tuple[str, str]] = {
    "oci": ("A tar, or with `tar=false` a folder, in the OCI image layout", "file or folder"),
    "docker": ("Docker's daemon, or a tar for `docker load`; one platform only", "file, or none"),
    "local": ("The files of the root file system; with several platforms a folder for each",
              "folder, required"),
    "tar": ("The same as a tar", "file"),
    "image": ("The local store; with `push=true` a registry", "none"),
    "registry": ("Pushed under every name of `-t`, or else of `name`", "none"),
    "cacheonly": ("Nothing: what is built is found again by later builds", "none"),
}  # fmt: skip


def main() -> None:
    """Print the whole file."""
    print("\n".join(_document()), end="")


def _document() -> Iterator[str]:
    yield _OPENING
    yield "## Commands\n"
    group = _group()
    context = click.Context(group, info_name="trimaran")
    yield from _command(group, context, "trimaran")
    yield from _subcommands(group, context, "trimaran")
    yield from _values()
    yield "## Environment\n"
    yield from _table(("variable", "meaning"), ([f"`{k}`", v] for k, v in ENVIRONMENT.items()))
    yield "## Exit statuses\n"
    yield from _table(("status", "meaning"), STATUSES.items())
    yield from _platforms()
    yield from _dockerfile()
    yield from _container()


def _subcommands(group: click.Group, context: click.Context, title: str) -> Iterator[str]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is None:
            raise LookupError(name)
        yield from _command(command, context, f"{title} {name}")
        if isinstance(command, click.Group):
            inner = click.Context(command, info_name=name, parent=context)
            yield from _subcommands(command, inner, f"{title} {name}")


def _command(command: click.Command, parent: click.Context, title: str) -> Iterator[str]:
    context = click.Context(command, info_name=command.name, parent=parent)
    yield f"### {title}\n"
    for paragraph in (command.help or "").split("\n\n"):
        yield " ".join(paragraph.split()) + "\n"
    pieces = " ".join(command.collect_usage_pieces(context))
    yield f"```\n{title} {pieces}\n```\n"
    options = [each for each in command.params if isinstance(each, click.Option)]
    if options:
        yield from _table(("option", "default", "meaning"), map(_option, options))


def _option(option: click.Option) -> list[str]:
    names = ", ".join(f"`{name}`" for name in (*option.opts, *option.secondary_opts))
    value = _value(option)
    shown = f"{names} {value}" if value else names
    again = " May be given again." if option.multiple else ""
    default = f"`{option.default}`" if isinstance(option.default, str) and option.default else ""
    return [shown, default, f"{option.help}.{again}"]


def _value(option: click.Option) -> str:
    if option.is_flag:
        return ""
    if isinstance(option.type, click.Choice):
        return "`" + "|".join(str(choice) for choice in option.type.choices) + "`"
    return f"`{option.metavar}`"


def _values() -> Iterator[str]:
    yield "## Values of `build`\n"
    yield "`-o type=T[,dest=D][,ATTRIBUTE=VALUE…]`; `-o D` means `type=local,dest=D`, and"
    yield "`-o -` a `type=tar` on standard output. Without `dest` a file goes to standard output.\n"
    rows = [[f"`{kind}`", *_OUTPUTS[kind]] for kind in get_args(OutputType)]
    yield from _table(("type", "what it is", "`dest`"), rows)
    kinds = ", ".join(f"`{kind}`" for kind in get_args(Compression))
    yield from _table(("attribute", "value", "means"), _attributes(kinds))
    yield "`unpack`, `buildinfo`, `buildinfo-attrs`, `attestation-inline`, `prefer-nondist-layers`"
    yield "are taken and ignored: they are about containerd and about what BuildKit has dropped."
    yield "`compression=estargz`, `name-canonical`, `dangling-name-prefix` and `registry.insecure`"
    yield "are refused with the way out.\n"
    yield "`--annotation [ON[[PLATFORM]][,ON…]:]KEY=VALUE`; what it is ON is"
    yield f"{', '.join(f'`{kind}`' for kind in get_args(Annotated))}; a manifest by default.\n"
    yield "`--build-context NAME=…` takes a folder, `docker-image://NAME[:TAG]`, or"
    yield "`oci-layout://FOLDER[:TAG|@DIGEST]`.\n"
    yield "`--build-arg NAME` and `run -e NAME` without a value take it from the environment.\n"


def _attributes(compressions: str) -> list[list[str]]:
    return [
        ["`tar`", "`true`, `false`", "`oci` as a tar or as a folder"],
        ["`name`", "names, by commas", "of the result, where there is no `-t`"],
        ["`push`, `store`", "`false`, `true`", "an `image` goes to a registry, to the local store"],
        ["`push-by-digest`", "`false`, `true`", "it is pushed without a tag"],
        ["`compression`", compressions, "of layers; those of a base stay as they are"],
        ["`compression-level`", "0 to 9, 0 to 22", "of gzip, of zstd"],
        ["`force-compression`", "`false`, `true`", "layers of a base are compressed so, too"],
        ["`oci-mediatypes`", "`true`, `false`", "OCI's media types, or Docker's schema 2"],
        ["`rewrite-timestamp`", "`true`, `false`", "later times of files become SOURCE_DATE_EPOCH"],
        ["`platform-split`", "`true`, `false`", "`local`, `tar`: a folder for each platform"],
        ["`annotation.KEY`, `annotation-ON.KEY`, `annotation-ON[PLATFORM].KEY`", "text",
         "as `--annotation`, for this output"],
    ]  # fmt: skip


def _platforms() -> Iterator[str]:
    yield "## Platforms\n"
    yield "`OS/ARCHITECTURE[/VARIANT]`, or an architecture alone. Several are separated by commas."
    yield "Which of them run depends on the emulators that are installed.\n"
    aliases: dict[str, list[str]] = {}
    for alias, (architecture, variant) in platforms._ALIASES.items():  # noqa: SLF001 - the table
        meant = platforms.Platform("linux", architecture, variant).normalised()
        name = platforms.Platform("linux", architecture).normalised()
        shown = alias if meant == name else f"{alias} ({meant.variant})"
        aliases.setdefault(architecture, []).append(shown)
    rows = [
        [
            f"`linux/{row.architecture}`",
            ", ".join(aliases.get(row.architecture, [])),
            f"qemu-{row.name}",
            row.debian,
        ]
        for row in machines.MACHINES
        if row.architecture
    ]
    yield from _table(("platform", "also written", "emulator", "Debian's name"), rows)
    levels = [f"{name}: {', '.join(found)}" for name, found in platforms._LEVELS.items()]  # noqa: SLF001 - the table
    yield f"Variants: {'; '.join(levels)}.\n"
    for ambiguous, meanings in platforms._AMBIGUOUS.items():  # noqa: SLF001 - the table
        yield f"- `{ambiguous}` is refused: it may mean {' or '.join(meanings)}."
    yield ""


def _dockerfile() -> Iterator[str]:
    yield "## Dockerfile\n"
    yield "What is refused is refused by name, with its line, before anything is built.\n"
    rows = []
    for keyword in KEYWORDS:
        flags = _FLAGS.get(keyword, {})
        refused = [f"`--{name}`" for name, kind in flags.items() if kind is Kind.REFUSED]
        taken = [f"`--{name}`" for name, kind in flags.items() if kind is not Kind.REFUSED]
        rows.append([f"`{keyword}`", ", ".join(taken), ", ".join(refused)])
    yield from _table(("instruction", "flags", "refused"), rows)


def _container() -> Iterator[str]:
    yield "## What a step may do\n"
    yield "`RUN` and `trimaran run` start programs in such a container."
    yield "[security.md](security.md) says why.\n"
    yield "Capabilities of root, which other users can only gain by a setuid program:\n"
    yield ", ".join(f"`{name}`" for name in bundle.CAPABILITIES) + ".\n"
    yield "Paths that are hidden:\n"
    yield ", ".join(f"`{path}`" for path in bundle._MASKED_PATHS) + ".\n"  # noqa: SLF001 - the table
    yield "Paths that are read-only, beside `/sys`:\n"
    yield ", ".join(f"`{path}`" for path in bundle._READONLY_PATHS) + ".\n"  # noqa: SLF001 - the table
    yield "System calls that are refused, all others being let through:\n"
    rows = [
        [", ".join(f"`{call}`" for call in row.calls), errno.errorcode[row.errno], row.reason]
        for row in seccomp.REFUSALS
    ]
    flags = ", ".join(f"`{flag}`" for flag in seccomp.CLONE_NEW_FLAGS)
    rows.append([f"`clone` with one of {flags}", "EPERM", "as `unshare`"])
    vsock = "it reaches the hypervisor's side; `socketcall` of 32-bit programs is no part of this"
    rows.append(["`socket` of the family `AF_VSOCK`", "EPERM", vsock])
    yield from _table(("calls", "error", "why"), rows)


def _table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield _row(titles)
    yield "|" + "---|" * len(titles)
    yield from (_row(row) for row in rows)
    yield ""


def _row(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


if __name__ == "__main__":
    main()
