from __future__ import annotations

from trimaran.build.execution import lent
from trimaran.executor.surroundings import Surroundings


def test_a_proxy_given_as_an_argument_wins_over_the_machine_s_own() -> None:
    own = Surroundings(b"", {"http_proxy": "own:1", "NO_PROXY": "near"})
    given = lent(own, {"HTTP_PROXY": "given:1", "OTHER": "no proxy"}).environment
    assert given == {
        "http_proxy": "given:1",
        "HTTP_PROXY": "given:1",
        "no_proxy": "near",
        "NO_PROXY": "near",
    }
