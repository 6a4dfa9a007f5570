"""`python -m tests.conformance [NAME…]`, as root: builds these cases or all, shows differences."""

from __future__ import annotations

import sys
import time

from tests.conformance.allowed import not_needed
from tests.conformance.builders import both_builders
from tests.conformance.cases.gather import CASES
from tests.conformance.run import judged


def main(names: list[str]) -> int:
    """1 if a case differs, else 0."""
    for name in names:
        if name not in CASES:
            raise SystemExit(f"no case {name}; there are: {', '.join(CASES)}")
    chosen = [CASES[name] for name in names or CASES]
    began, bad = time.monotonic(), 0
    with (
        both_builders() as (ours, theirs),
        judged(chosen, ours, theirs, theirs.engines.folder / "contexts") as verdicts,
    ):
        for name, verdict in verdicts.items():
            if lines := verdict.result().lines:
                bad += 1
                print("", f"=== {name}", CASES[name].dockerfile, *lines, sep="\n", flush=True)
        used = {name: verdict.result().used for name, verdict in verdicts.items()}
    for allowance in not_needed(used):
        bad += 1
        print("", f"=== not needed: {allowance}", sep="\n")
    print(f"{len(chosen)} cases, {bad} findings, {time.monotonic() - began:.0f} s")
    return min(bad, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
