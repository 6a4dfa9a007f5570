"""Which proxy a URL goes through, by the variables that curl and Go's net/http share."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping

from trimaran.registry import hosts


class Proxies:
    """Chooses the proxy for a URL.

    Args:
        variables: `http_proxy`, `https_proxy`, `all_proxy`, `no_proxy`, in letters of any case.
    """

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._values = {name.lower(): value for name, value in variables.items()}

    def choose(self, url: str) -> str:
        """The proxy's URL; empty for a direct connection, as this machine always gets.

        curl's manual, Environment, and Go's net/http, ProxyFromEnvironment.
        """
        scheme, host, port = hosts.origin(url)
        if hosts.is_loopback_name(host) or self._bypassed(host, port):
            return ""
        proxy = self._values.get(f"{scheme}_proxy") or self._values.get("all_proxy", "")
        return proxy if not proxy or "://" in proxy else f"http://{proxy}"

    def _bypassed(self, host: str, port: int) -> bool:
        entries = self._values.get("no_proxy", "").lower().split(",")
        return any(_covers(entry.strip(), host, port) for entry in entries)


def _covers(entry: str, host: str, port: int) -> bool:
    """Whether a no_proxy entry means the host: `*`, a domain, `host:port`, an address, a CIDR."""
    if entry in ("", "*"):
        return entry == "*"
    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        domain = entry.removesuffix(f":{port}").removeprefix("*").lstrip(".")
        return host == domain or host.endswith(f".{domain}")
