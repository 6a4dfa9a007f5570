"""Which programs have a native stand-in, and how it is started: the rows of `table`, together."""

from __future__ import annotations

from trimaran.accelerator.table.cmake import CMAKE
from trimaran.accelerator.table.distribution import PATCHED, TOLD
from trimaran.accelerator.table.gcc import CROSS
from trimaran.accelerator.table.golang import GOLANG
from trimaran.accelerator.table.llvm import LLVM
from trimaran.accelerator.table.never import NEVER
from trimaran.accelerator.table.perl import PERL
from trimaran.accelerator.table.python import PYTHON
from trimaran.accelerator.table.rule import Rule
from trimaran.accelerator.table.rust import RUST
from trimaran.accelerator.table.setup import SETUP
from trimaran.accelerator.table.tools import NEUTRAL

__all__ = ["NEVER", "RULES", "Rule"]

RULES: tuple[Rule, ...] = (
    *(*NEUTRAL, *TOLD, *CMAKE, *PATCHED, *CROSS, *GOLANG, *LLVM, *RUST, *PERL, *PYTHON, *SETUP),
    *NEVER,
)
