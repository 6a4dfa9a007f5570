"""Packages from the mirror that this machine's own apt uses, by an apt with a private state.

The host's package lists and its list of architectures stay as they are.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path

CACHE = Path(tempfile.gettempdir()) / f"trimaran-test-packages-{os.getuid()}"
"""What the tests fetched; readable by all, and of use to every run of this user."""


def private_apt(state: Path, source: str, architecture: str) -> list[str]:
    """The words that run apt-get with a state of its own.

    Args:
        state: its folder, made if missing.
        source: a line of sources.list(5).
        architecture: whose packages it knows, as Debian names it; empty for the machine's own.
    """
    (state / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (state / "cache" / "archives" / "partial").mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    (state / "sources.list").write_text(source + "\n")
    options = [
        f"Dir::State={state}",
        f"Dir::State::lists={state}/lists",
        f"Dir::State::status={state}/status",
        f"Dir::Cache={state}/cache",
        f"Dir::Etc::sourcelist={state}/sources.list",
        "Dir::Etc::sourceparts=-",
        "Acquire::Languages=none",
        "APT::Sandbox::User=root",
    ]
    if architecture:
        options += [f"APT::Architecture={architecture}", f"APT::Architectures={architecture}"]
    return ["apt-get", "-qq", *(f"-o{option}" for option in options)]


def source_of(package: str) -> str:
    """`MIRROR SUITE COMPONENT`: where the host's apt would take a package from."""
    policy = subprocess.run(
        ["apt-cache", "policy", package],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "LC_ALL": "C"},
    ).stdout
    for line in policy.splitlines():
        words = line.split()  # 500 http://mirror/debian bookworm/main amd64 Packages
        if len(words) == 5 and "://" in words[1] and words[4] == "Packages":
            return f"{words[1]} {words[2].replace('/', ' ', 1)}"
    raise RuntimeError(f"apt knows no source of {package}; run `apt-get update` first")
