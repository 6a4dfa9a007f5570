"""Values in instructions that are more than words: durations, ports, signals, modes."""

from __future__ import annotations

import ipaddress
import re
from decimal import Decimal

_UNITS_NS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "μs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
}
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h)", re.ASCII)
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?([kmgtp]?)i?b?", re.ASCII | re.IGNORECASE)
_LONGEST_NS = 2**63 - 1
_SYMBOLIC = re.compile(r"[ugoa]*(?:[-+=](?:[rwxXst]*|[ugo]))+")
_OCTAL_LIMIT = 0o7777
_PORT_LIMIT = 65535
_PROTOCOLS = ("tcp", "udp", "sctp")
# signal(7), without SIG; the real-time ones are counted from both ends.
_SIGNAL_NAMES = """
ABRT ALRM BUS CHLD CLD CONT FPE HUP ILL INT IO IOT KILL PIPE POLL PROF PWR QUIT SEGV STKFLT STOP
SYS TERM TRAP TSTP TTIN TTOU URG USR1 USR2 VTALRM WINCH XCPU XFSZ RTMIN RTMAX
"""
_SIGNALS = frozenset(_SIGNAL_NAMES.split())
_REAL_TIME = re.compile(r"RTMIN\+(?:[1-9]|1[0-5])|RTMAX-(?:[1-9]|1[0-4])")


def parse_duration(text: str) -> int:
    """Nanoseconds of a duration such as `1m30s`, `1.5h` or `0`.

    Raises:
        ValueError: it is none, is negative, or is longer than 292 years.
    """
    if text == "0":
        return 0
    total = Decimal(0)
    position = 0
    while position < len(text) or not text:
        match = _DURATION.match(text, position)
        if match is None:
            raise ValueError(f"{text!r} is not a duration")
        number = match[0].rstrip("nuµμmsh")
        total += Decimal(number) * _UNITS_NS[match[0][len(number) :]]
        position = match.end()
    if total > _LONGEST_NS:
        raise ValueError(f"{text!r} is too long a duration")
    return int(total)


def parse_size(text: str) -> int:
    """Bytes of a size such as `64m`, `1.5 GiB` or `1024`; every unit is a power of 1024.

    Raises:
        ValueError: it is none.
    """
    match = _SIZE.fullmatch(text)
    if match is None:
        raise ValueError("a size is such as 64m or 1g")
    return int(Decimal(match[1]) * 1024 ** " kmgtp".index(match[2].lower() or " "))


def format_duration(nanoseconds: int) -> str:
    """A duration as Go writes it, which BuildKit's history holds: `1m30s`, `1.5s`, `0s`."""
    if not nanoseconds:
        return "0s"
    for unit, size in (("ns", 1), ("µs", 1_000), ("ms", 1_000_000)):
        if nanoseconds < size * 1000:
            return _decimal(nanoseconds, size) + unit
    minutes, rest = divmod(nanoseconds, _UNITS_NS["m"])
    hours, minutes = divmod(minutes, 60)
    text = f"{hours}h{minutes}m" if hours else f"{minutes}m" if minutes else ""
    return text + _decimal(rest, _UNITS_NS["s"]) + "s"


def parse_ports(text: str) -> list[str]:
    """The ports of an EXPOSE word as `80/tcp`: a port, or a range, and a protocol.

    `[ADDRESS:][HOST-PORT:]PORT` is taken as BuildKit takes it; only the last counts.

    Raises:
        ValueError: it is none; the text says why.
    """
    *host, port = text.split(":")
    port, _, protocol = port.partition("/")
    protocol = protocol.lower() or "tcp"
    if protocol not in _PROTOCOLS:
        raise ValueError(f"{protocol!r} is no protocol; there are {', '.join(_PROTOCOLS)}")
    first, last = _port_range(port)
    _check_host(host, last - first)
    return [f"{number}/{protocol}" for number in range(first, last + 1)]


def is_signal(text: str) -> bool:
    """Whether `text` is a signal's number or its name, with or without SIG, in any case."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return int(text) > 0
    name = text.upper().removeprefix("SIG")
    return name in _SIGNALS or _REAL_TIME.fullmatch(name) is not None


def is_mode(text: str) -> bool:
    """Whether `text` is a mode for --chmod: octal up to 7777, or symbolic as chmod(1) has it."""
    if re.fullmatch(r"[0-7]{1,11}", text):
        return int(text, 8) <= _OCTAL_LIMIT
    return all(_SYMBOLIC.fullmatch(part) for part in text.split(","))


def _decimal(value: int, size: int) -> str:
    whole, rest = divmod(value, size)
    fraction = str(size + rest)[1:].rstrip("0")
    return f"{whole}.{fraction}" if fraction else str(whole)


def _port_range(text: str) -> tuple[int, int]:
    first, dash, last = text.partition("-")
    bounds = _port(first), _port(last) if dash else _port(first)
    if bounds[1] < bounds[0]:
        raise ValueError(f"{text!r} is no range of ports")
    return bounds


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > _PORT_LIMIT:
        raise ValueError(f"{text!r} is no port; a port is a number up to {_PORT_LIMIT}")
    return int(text)


def _check_host(host: list[str], span: int) -> None:
    if host and host[-1]:
        first, last = _port_range(host[-1])
        if span not in (0, last - first):
            raise ValueError("the two ranges of ports differ in length")
    address = ":".join(host[:-1])
    if address:
        ipaddress.ip_address(address.removeprefix("[").removesuffix("]"))
