"""Which proxy a URL goes through."""

from __future__ import annotations

import pytest

from trimaran.registry.proxies import Proxies

PROXIES = Proxies(
    {
        "HTTPS_PROXY": "http://proxy:3128",
        "no_proxy": "direct.example, .suffix.example,10.0.0.0/8,port.example:5000",
    }
)


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("https://a.example/v2/", "http://proxy:3128"),
        ("https://indirect.example/", "http://proxy:3128"),
        ("https://direct.example/", ""),
        ("https://sub.direct.example/", ""),
        ("https://a.suffix.example/", ""),
        ("https://10.1.2.3/", ""),
        ("https://11.1.2.3/", "http://proxy:3128"),
        ("https://port.example:5000/", ""),
        ("https://port.example/", "http://proxy:3128"),
        ("https://localhost:5000/", ""),
        ("http://127.0.0.1:5000/", ""),
        ("http://a.example/", ""),
    ],
)
def test_the_proxy_of_a_url(url: str, proxy: str) -> None:
    assert PROXIES.choose(url) == proxy


def test_a_star_means_all_and_a_scheme_may_be_left_out() -> None:
    assert Proxies({"https_proxy": "p:1", "no_proxy": "*"}).choose("https://a.example") == ""
    assert Proxies({"all_proxy": "p:1"}).choose("https://a.example") == "http://p:1"
    assert Proxies({}).choose("https://a.example") == ""
