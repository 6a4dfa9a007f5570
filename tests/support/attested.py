"""An image with attestations as buildx writes them by itself: `HELLO`, an OCI archive of 3 KB.

Made by Debian 13's buildx 0.13.1 and its BuildKit, as root, of tiny programs and no base:

    python -m tests.support.attested

which is `docker buildx build --platform=linux/amd64,linux/arm64 --provenance=mode=min
--output=type=oci,name=hello:1,dest=…`, compressed. The tests of conformance make one anew and hold
it against this one.
"""

from __future__ import annotations

import gzip
from pathlib import Path

from tests.support.engines import Engines, serve_engines

from trimaran import platforms
from trimaran.emulation import probes

HELLO = Path(__file__).with_name("attested.tar.gz")
NAME = "hello:1"
PLATFORMS = ("linux/amd64", "linux/arm64")
_DOCKERFILE = """FROM scratch
ARG TARGETARCH
COPY $TARGETARCH /hello
CMD ["/hello"]
"""


def build(engines: Engines, *options: str) -> None:
    """Let buildx build it, its provenance included; `options` say where it goes."""
    context = engines.folder / "hello"
    context.mkdir(exist_ok=True)
    (context / "Dockerfile").write_text(_DOCKERFILE)
    for platform in map(platforms.parse, PLATFORMS):
        machine = platform.machine
        assert machine is not None
        (context / platform.architecture).write_bytes(probes.program(machine))
        (context / platform.architecture).chmod(0o755)
    wanted = [f"--platform={','.join(PLATFORMS)}", "--provenance=mode=min"]
    engines.docker("buildx", "build", *wanted, *options, context)


def archive(engines: Engines) -> Path:
    """The image as an OCI archive."""
    path = engines.folder / "hello.tar"
    build(engines, f"--output=type=oci,name={NAME},dest={path}")
    return path


if __name__ == "__main__":
    with serve_engines() as running:
        HELLO.write_bytes(gzip.compress(archive(running).read_bytes(), mtime=0))
