"""All cases, by name."""

from __future__ import annotations

from tests.conformance.cases import (
    adding,
    configs,
    copying,
    heredocs,
    running,
    stages,
    syntax,
    words,
)

_TOPICS = (copying, adding, heredocs, running, words, configs, stages, syntax)
CASES = {case.name: case for topic in _TOPICS for case in topic.CASES}
assert len(CASES) == sum(len(topic.CASES) for topic in _TOPICS), "two cases of one name"
