"""That Docker loads what is written here, and that what it saves is read."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from trimaran import references
from trimaran.images import docker_archive
from trimaran.images.copy import copy
from trimaran.images.docker_archive import DockerArchive
from trimaran.images.layout import Layout
from trimaran.images.local import StoreImages
from trimaran.oci.models import Descriptor, ImageConfig, Manifest

pytestmark = pytest.mark.real

MakeImage = Callable[..., Descriptor]
# A daemon of its own, in a user and mount namespace, so that the host's files and groups stay out
# of it: dockerd gives its socket to the group docker (-G) and keeps a key in /etc/docker. Sockets
# are below /run, as their paths may have 107 bytes at most (unix(7)).
SCRIPT = """
mount -t tmpfs run /run
[ ! -d /etc/docker ] || mount -t tmpfs docker /etc/docker
export XDG_RUNTIME_DIR="$1"
export DOCKER_HOST=unix:///run/sock
dockerd --rootless -G 0 --data-root "$1/data" --exec-root /run/exec -H "$DOCKER_HOST" \
    --pidfile /run/pid --bridge none --iptables=false --ip6tables=false --ip-forward=false \
    --storage-driver vfs \
    >"$1/log" 2>&1 &
tries=0
until docker version >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 150 ] || { cat "$1/log" >&2; exit 1; }
    sleep 0.2
done
docker load --quiet --input "$1/out.tar"
docker image inspect app:1.0 >"$1/inspected.json"
docker save app:1.0 --output "$1/saved.tar"
kill "$(cat /run/pid)"
wait
"""


def test_docker_loads_an_archive_and_saves_it_again(
    tmp_path: Path, local: StoreImages, layout: Layout, make_image: MakeImage
) -> None:
    folder = tmp_path / "docker"
    folder.mkdir()
    image = make_image(local, "arm64")
    names = [references.parse("app:1.0"), references.parse("localhost:5000/app")]
    docker_archive.write(local, image, folder / "out.tar", names=names)
    argv = ["unshare", "-Urm", "--kill-child", "sh", "-ec", SCRIPT, "sh", str(folder)]
    done = subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True, timeout=90)
    assert done.stdout.splitlines() == [
        "Loaded image: app:1.0",
        "Loaded image: localhost:5000/app:latest",
    ]
    manifest = Manifest.parse(local.read_manifest(image))
    (inspected,) = json.loads((folder / "inspected.json").read_bytes())
    assert inspected["Id"] == manifest.config.digest
    assert (inspected["Os"], inspected["Architecture"]) == ("linux", "arm64")
    saved = DockerArchive(folder / "saved.tar")
    copied = copy(saved, saved.resolve("app:1.0"), layout, tag="1.0")
    config = Manifest.parse(layout.read_manifest(copied)).config
    with layout.open_blob(config) as left, local.open_blob(manifest.config) as right:
        mine, theirs = (ImageConfig.parse(b"".join(chunks)) for chunks in (right, left))
    assert theirs.rootfs == mine.rootfs
    assert theirs.config.cmd == mine.config.cmd
