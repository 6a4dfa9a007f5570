"""Where plain HTTP is allowed, and where it never is."""

from __future__ import annotations

import pytest

from trimaran.errors import RegistryError
from trimaran.registry import hosts


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:5000", "127.0.0.1", "127.8.8.8:80", "[::1]", "[::1]:5000"]
)
def test_this_machine_is_loopback(host: str) -> None:
    assert hosts.is_loopback(host)
    hosts.check_secure(f"http://{host}/v2/")


@pytest.mark.parametrize(
    "host", ["registry.example", "10.0.0.1:5000", "localhost.example", "127.0.0.1.example", "[::2]"]
)
def test_other_machines_need_https(host: str) -> None:
    assert not hosts.is_loopback(host)
    hosts.check_secure(f"https://{host}/v2/")
    with pytest.raises(RegistryError, match="HTTPS") as caught:
        hosts.check_secure(f"http://{host}/v2/")
    assert "plain HTTP" in caught.value.hint


@pytest.mark.parametrize("url", ["ftp://localhost/", "/v2/", "", "http:///v2/", "https://"])
def test_other_schemes_are_refused(url: str) -> None:
    with pytest.raises(RegistryError):
        hosts.check_secure(url)


@pytest.mark.parametrize("url", ["https://a:99999/", "https://[zz/", "https://a:b/"])
def test_a_malformed_address_is_an_error(url: str) -> None:
    with pytest.raises(RegistryError, match="malformed"):
        hosts.origin(url)


def test_ports_are_filled_in() -> None:
    assert hosts.origin("https://a/x") == hosts.origin("https://A:443/y") == ("https", "a", 443)
    assert hosts.origin("http://a") != hosts.origin("https://a")


def test_docker_hub_answers_elsewhere() -> None:
    assert hosts.api_host("docker.io") == "registry-1.docker.io"
    assert hosts.api_host("localhost:5000") == "localhost:5000"
