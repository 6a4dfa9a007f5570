"""The services of examples/services: each built for both platforms by one command, checked and run.

Those on a busybox take seconds. Those on a Debian take minutes each: `make services` asks for them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from tests.support.web_server import Site
from tests.support.workshop import Workshop, workshop

pytestmark = pytest.mark.real

SOURCE = Path(__file__).parents[2] / "examples" / "services"
PLATFORMS = ("linux/amd64", "linux/arm64")
MACHINES = {"linux/amd64": "x86_64", "linux/arm64": "aarch64"}
BOTH = ("--platform", ",".join(PLATFORMS))
LIMIT_S = 1800.0
SETTINGS, TOKEN, KEY = b'{"mode": "private"}\n', "token-7d1f", "key-91ac"


@dataclass(frozen=True)
class Service:
    """A folder of examples/services.

    Attributes:
        says: the lines of its program, in which {machine} and {arch} are the platform's.
        run: what follows the image's name when it is run.
        entrypoint: what stands before it.
        options: more words of the build.
        warns: the rules that `--check` names.
    """

    name: str
    says: str
    run: Sequence[str] = ()
    entrypoint: Sequence[str] = ()
    options: Sequence[str] = ()
    warns: Sequence[str] = ()

    def build(self, shop: Workshop, *more: str | Path) -> None:
        """Build it under its own name; the checks say what they should, the audit nothing."""
        context = shutil.copytree(SOURCE / self.name, shop.folder / self.name)
        checked = shop.run("build", "--call=check,format=json", context)
        warnings = json.loads(checked.stdout)["warnings"]
        assert [one["ruleName"] for one in warnings] == list(self.warns)
        words = ("build", "-t", self.name, *BOTH, *self.options, *more, context)
        shop.ok(*words, environment={"KEY": KEY}, timeout_s=LIMIT_S)
        report = json.loads(shop.ok("verify", "--format", "json", self.name).stdout)
        assert report["findings"] == []
        assert [one["platform"] for one in report["images"]] == list(PLATFORMS)

    def runs(self, shop: Workshop, platform: str) -> None:
        done = shop.ok("run", "--platform", platform, *self.entrypoint, self.name, *self.run)
        names = {"machine": MACHINES[platform], "arch": platform.rpartition("/")[2]}
        assert done.stdout == self.says.format(**names), done.stderr


SITE = Service(
    "site",
    "about on {machine}\n1 1\n2 4\n3 9\n1 linux/{arch}\n2\nBuilt for linux/{arch}\n",
    run=("sh", "-c", "ask about.html squares.txt both.txt; cat /etc/motd"),
)
FETCH = Service(
    "fetch",
    SETTINGS.decode().replace("{", "{{").replace("}", "}}")
    + hashlib.sha256(SETTINGS + KEY.encode()).hexdigest()
    + "\n400 65534\n",
    options=(
        "--secret=id=token,src=token",
        "--secret=id=key,env=KEY",
        "--secret=id=npmrc,src=token",
    ),
)
_MODULE = """\
def rows(pairs):
    width = max(len(str(value)) for _, value in pairs)
    return "\\n".join(f"{name} {value:>{width}}" for name, value in pairs)
"""
_METADATA = {
    "METADATA": "Metadata-Version: 2.1\nName: tabular-lines\nVersion: 1.0\n",
    "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
}
REPORT = Service("report", "machine: {machine}\na  1\nb 22\n\n", warns=("SlowWhenEmulated",))
_ASK_NGINX = """
nginx
ask="wget -q -O - http://127.0.0.1:$NGINX_PORT"
$ask/greeting
$ask/ --save-headers | sed -n "s/^Server: //p; /^</p"
nginx -s stop
"""
SERVICES = (
    Service(
        "shortener",
        "UNepBeME 2.0 linux/{arch}\n",
        run=("name", "https://example.org"),
        options=("--build-arg=VERSION=2.0",),
        warns=("SlowWhenEmulated",) * 2,
    ),
    Service(
        "tally",
        "2 b\n1 a\ntally 1.2.0 for {machine}, 64 bits\n",
        run=("-c", "echo b A B | tally && tally --version && test -w /data"),
        entrypoint=("--entrypoint", "sh"),
        warns=("SlowWhenEmulated",),
    ),
    Service("window", "{machine} [6, 9, 12] True\n", warns=("SlowWhenEmulated",)),
    Service("notes", "buy milk\nnotes 1.0.0 {arch}\n", run=("node", "dist/server.js", "once")),
    Service("roman", "MCMXCIX {machine}\n", warns=("SlowWhenEmulated",) * 2),
    Service(
        "edge",
        "hello by GET\nedge\r\n<p>edge</p>\n",
        run=("sh", "-c", _ASK_NGINX),
    ),
    Service(
        "clock",
        "Friday {arch} linux/amd64 r1\n",
        options=("--build-arg=REVISION=r1",),
    ),
)


@pytest.fixture(scope="module")
def small() -> Iterator[Workshop]:
    with workshop() as shop:
        shop.ok("base", "busybox", "-t", "busybox", *BOTH)
        yield shop


@pytest.fixture(scope="module")
def debian() -> Iterator[Workshop]:
    with workshop() as shop:
        shop.ok("base", "debian:trixie", "-t", "debian:trixie-slim", *BOTH, timeout_s=LIMIT_S)
        yield shop


def test_a_site_of_heredocs(small: Workshop) -> None:
    SITE.build(small)
    for platform in PLATFORMS:
        SITE.runs(small, platform)


def test_what_a_token_alone_can_fetch(small: Workshop, site: Site) -> None:
    site.files["/settings.json"] = SETTINGS
    site.tokens["/settings.json"] = f"Bearer {TOKEN}"
    small.write("token", TOKEN)
    FETCH.build(small, f"--build-arg=ARTIFACTS={site.url}")
    for platform in PLATFORMS:
        FETCH.runs(small, platform)


@pytest.mark.slow
@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_a_service_on_debian(debian: Workshop, service: Service) -> None:
    service.build(debian)
    for platform in PLATFORMS:
        service.runs(debian, platform)


@pytest.mark.slow
def test_python_with_caches_of_apt_and_pip(debian: Workshop, site: Site) -> None:
    _serve_index(site)
    REPORT.build(debian, f"--build-arg=PIP_INDEX_URL={site.url}/simple/")
    for platform in PLATFORMS:
        REPORT.runs(debian, platform)


def _serve_index(site: Site) -> None:
    """A package index with the one package that is asked for (PEP 503, PEP 427)."""
    wheel = "tabular_lines-1.0-py3-none-any.whl"
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        names = "tabular_lines.py", *(f"tabular_lines-1.0.dist-info/{it}" for it in _METADATA)
        for name, content in zip(names, (_MODULE, *_METADATA.values()), strict=True):
            made.writestr(name, content)
        made.writestr("tabular_lines-1.0.dist-info/RECORD", "".join(f"{it},,\n" for it in names))
    site.files["/simple/tabular-lines/"] = f'<a href="../../{wheel}">{wheel}</a>'.encode()
    site.headers["/simple/tabular-lines/"] = {"Content-Type": "text/html"}
    site.files[f"/{wheel}"] = packed.getvalue()
