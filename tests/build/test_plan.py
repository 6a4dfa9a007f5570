from __future__ import annotations

from pathlib import Path

import pytest

from trimaran import platforms
from trimaran.build.outcomes import Outcomes
from trimaran.build.plan import make_plan
from trimaran.build.resolve import Resolver
from trimaran.build.results import Results
from trimaran.dockerfile.parse import parse
from trimaran.errors import ContextError, DockerfileError, NotFoundError
from trimaran.graph.steps import Copy
from trimaran.images.local import StoreImages
from trimaran.references import Reference
from trimaran.registry.repository import Repository
from trimaran.request import BuildRequest
from trimaran.store.store import Store


def no_registry(reference: Reference) -> Repository:
    raise NotFoundError(f"no registry has {reference}")


def missing(step: Copy) -> str:
    raise ContextError(f"no {step.parts[0].paths[0]!r} in the build context", "look again")


def test_a_source_that_is_missing_is_shown_with_its_line(tmp_path: Path) -> None:
    text = "FROM scratch\nLABEL a=b\nCOPY \\\n  gone /\n"
    request = BuildRequest(tmp_path, tmp_path / "Dockerfile", "Dockerfile")
    dockerfile = parse(text, "Dockerfile")
    outcomes = Outcomes((platforms.host(),), keep_going=False)
    with Store.open(tmp_path / "store") as store:
        resolver, results = Resolver(StoreImages(store), no_registry, {}), Results(store)
        with pytest.raises(DockerfileError) as caught:
            make_plan(request, dockerfile, resolver, missing, results, outcomes=outcomes)
    error = caught.value
    assert (error.message, error.hint) == ("no 'gone' in the build context", "look again")
    assert (error.path, error.lines, error.source) == ("Dockerfile", (3, 4), text)
