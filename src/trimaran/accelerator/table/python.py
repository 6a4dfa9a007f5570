"""python."""

from __future__ import annotations

from trimaran.accelerator import python
from trimaran.accelerator.table.rule import Rule

PYTHON: tuple[Rule, ...] = (
    Rule(
        "scripts",
        ("python{python}-minimal",),
        ("/bin/python{python}",),
        "compiled modules are the same on every CPU; what else python does is emulated",
        fields=python.CONDITIONS,
        options=python.OPTIONS,
        language="python",
    ),
)
