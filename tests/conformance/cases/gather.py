"""All cases, by name."""

from __future__ import annotations

from tests.conformance.cases import (
    adding,
    commands,
    configs,
    copying,
    heredocs,
    patterns,
    running,
    scopes,
    stages,
    syntax,
    words,
)

_TOPICS = (
    *(copying, patterns, adding, heredocs, running),
    *(words, scopes, configs, commands, stages, syntax),
)
CASES = {case.name: case for topic in _TOPICS for case in topic.CASES}
assert len(CASES) == sum(len(topic.CASES) for topic in _TOPICS), "two cases of one name"
