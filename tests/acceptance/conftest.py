"""What the acceptance tests share: a base image, and a workshop per test or per file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance import lua_words
from tests.support.ahead import Ahead, begun
from tests.support.busybox import busybox, busybox_root
from tests.support.dockerd import Dockerd, serve_docker
from tests.support.own_workshop import own_workshop
from tests.support.registry import RunningRegistry, serve_registry
from tests.support.sources import source_tarball
from tests.support.users import ordinary_folder
from tests.support.web_server import Site, serve_site
from tests.support.workshop import EPOCH, FOUR, Workshop, workshop

# Root builds Lua natively alone (lua_words): there is nothing to accelerate then.
collect_ignore = (
    []
    if "linux/arm64" in lua_words.PLATFORMS
    else ["test_acceleration.py", "test_newer_packages.py"]
)

_ROOTS = {"amd64": "amd64", "arm64": "arm64", "armv7": "armhf", "s390x": "s390x"}
_DOCKERFILE = """\
FROM scratch
ARG TARGETARCH
ARG TARGETVARIANT
COPY ${TARGETARCH}${TARGETVARIANT}/ /
CMD ["sh"]
"""


@pytest.fixture(scope="session")
def busybox_base() -> Iterator[str]:
    """An OCI layout with a busybox for each platform of `FOUR`, as a build context's value."""
    with workshop() as shop:
        context = shop.context(_DOCKERFILE)
        for name, architecture in _ROOTS.items():
            busybox_root(context / name, busybox(architecture))
        layout = shop.folder / "layout"
        output = f"type=oci,dest={layout},tar=false"
        epoch = {"SOURCE_DATE_EPOCH": EPOCH}
        shop.ok(
            "build", "--platform", FOUR, "-t", "busybox", "-o", output, context, environment=epoch
        )
        yield f"oci-layout://{layout}:latest"


@pytest.fixture
def shop(busybox_base: str) -> Iterator[Workshop]:
    with workshop(busybox_base) as made:
        yield made


@pytest.fixture(scope="module")
def shared_shop(busybox_base: str) -> Iterator[Workshop]:
    """One workshop for a file of tests, where what one built is cached for the next."""
    with workshop(busybox_base) as made:
        yield made


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningRegistry]:
    """A registry that all may write to; tests use repositories of their own."""
    with serve_registry(tmp_path_factory.mktemp("registry")) as running:
        yield running


@pytest.fixture(scope="session")
def dockerd() -> Iterator[Dockerd]:
    with ordinary_folder() as folder, serve_docker(folder) as running:
        yield running


@pytest.fixture(scope="session")
def lua_ahead() -> Iterator[Ahead]:
    """A Debian base and Lua on it, begun."""
    with own_workshop() as shop:
        context = shutil.copytree(lua_words.SOURCE, shop.folder / lua_words.CONTEXT)
        shutil.copyfile(source_tarball("lua5.4"), context / "lua.tar.gz")
        context.chmod(0o755)
        with begun(shop, (lua_words.BASE, lua_words.BUILD)) as ahead:
            yield ahead


@pytest.fixture(scope="session", autouse=True)
def _begin_early(request: pytest.FixtureRequest) -> None:
    if any(item.get_closest_marker("last") for item in request.session.items):
        request.getfixturevalue("lua_ahead")


@pytest.fixture
def bare_shop() -> Iterator[Workshop]:
    """A workshop without a base image."""
    with workshop() as made:
        yield made


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A web server of this test."""
    with serve_site(Site(tmp_path)) as served:
        yield served
