"""What trimaran is told to build Lua: an ordinary user for arm64 too, root natively alone."""

from __future__ import annotations

import os
from pathlib import Path

SOURCE = Path(__file__).with_name("lua")
CONTEXT = "lua"
PLATFORMS = ("linux/amd64", "linux/arm64") if os.getuid() != 0 else ("linux/amd64",)
_PLATFORM = ("--platform", ",".join(PLATFORMS))

BASE = ("base", "debian:trixie", "-t", "debian", *_PLATFORM)
# Optimizing takes an emulated compiler three times as long.
_FLAGS = ("--progress", "rawjson", "--build-arg", "OPTIMIZE=-O0", *_PLATFORM)
BUILD = ("build", *_FLAGS, CONTEXT)
