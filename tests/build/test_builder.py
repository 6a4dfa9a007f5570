from __future__ import annotations

import threading
from pathlib import Path

from trimaran import events
from trimaran.build.builder import Machine, _Build
from trimaran.errors import NotFoundError
from trimaran.executor.surroundings import Surroundings
from trimaran.references import Reference
from trimaran.registry.repository import Repository
from trimaran.request import BuildRequest
from trimaran.store.store import Store


def no_registry(reference: Reference) -> Repository:
    raise NotFoundError(f"no registry has {reference}")


def test_a_proxy_given_as_an_argument_wins_over_the_machine_s_own(tmp_path: Path) -> None:
    lent = Surroundings(b"", {"http_proxy": "own:1", "NO_PROXY": "near"})
    arguments = {"HTTP_PROXY": "given:1", "OTHER": "no proxy"}
    request = BuildRequest(tmp_path, tmp_path / "Dockerfile", "Dockerfile", build_args=arguments)
    with Store.open(tmp_path / "store") as store:
        machine = Machine(store, no_registry, "", "runc", 1, lent, threading.Event())
        given = _Build(request, machine, events.ignore)._lent().environment
    assert given == {
        "http_proxy": "given:1",
        "HTTP_PROXY": "given:1",
        "no_proxy": "near",
        "NO_PROXY": "near",
    }
