"""docs/reference.md is what scripts/reference.py prints, and names all that is read."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "scripts" / "reference.py"
REFERENCE = ROOT / "docs" / "reference.md"
READ = re.compile(r"""environ(?:ment)?(?:\.get\(|\[)"([A-Z_]+)"|envvar="([A-Z_]+)\"""")


def test_the_reference_is_up_to_date() -> None:
    printed = subprocess.run([sys.executable, SCRIPT], check=True, capture_output=True).stdout
    hint = "run: python scripts/reference.py > docs/reference.md"
    assert printed.decode() == REFERENCE.read_text("utf-8"), hint


def test_every_variable_that_is_read_is_named() -> None:
    files = (ROOT / "src" / "trimaran" / "cli").glob("*.py")
    found = READ.findall("".join(path.read_text("utf-8") for path in files))
    names = {first or second for first, second in found}
    assert {"TRIMARAN_STORE", "TRIMARAN_RUNTIME", "SOURCE_DATE_EPOCH", "NO_COLOR"} <= names
    text = REFERENCE.read_text("utf-8")
    assert not sorted(name for name in names if f"| `{name}` |" not in text)


def test_the_documents_name_no_test_that_is_not_there() -> None:
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    named = re.findall(
        r"\btests/[\w/]+\.py", "".join(path.read_text("utf-8") for path in documents)
    )
    assert not sorted(name for name in set(named) if not (ROOT / name).is_file())
