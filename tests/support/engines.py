"""Debian 13's engines, for a conformance run: dockerd, buildx and its BuildKit, buildah, skopeo.

`debian_root()` makes a Debian 13 with them by mmdebstrap, once: half a minute and 600 MB that stay
in `CACHE`. `serve_engines()` starts its dockerd in namespaces of its own, which takes 1.5 s. Root
only:

    with serve_engines(platforms=("linux/arm64",)) as engines:
        context = engines.folder / "context"  # what is below this folder they see at its path
        engines.docker("buildx", "build", "--network=none", "--platform=linux/arm64", …, context)
        engines.ok("skopeo", "inspect", "--tls-verify=false", f"docker://{registry.host}/image")

Nothing of it reaches the host: the root is an overlay over the cached one; mounts, processes, ids
and the table of binary formats belong to namespaces of its own. The network alone is the host's, so
that the registries of the tests are on 127.0.0.1, which docker takes without TLS.

What works in there, and what does not (docker.io 26.1.5 with its BuildKit, buildx 0.13.1, buildah
1.39.3, skopeo 1.18.0, runc 1.1.15):
- `docker buildx build` needs `--network=none` or `--network=host`: there is no bridge, the default.
- `docker run` works with `--network=none` alone.
- buildah works with each `--isolation`; with `chroot`, `--network=host` alone.
- Images are kept by containerd. The classic store (`containerd_store=False`) refuses several
  platforms at once, attestations and `--output=type=oci`.
- Foreign programs run, by the emulators of this machine; BuildKit lists their platforms.
- overlayfs is used throughout. There are no cgroups, hence no limits, and no mknod of devices.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.apt import source_of
from tests.support.inside import environment

CACHE = Path("/var/cache/trimaran/engines")
SUITE = "trixie"
PACKAGES = (
    *("docker.io", "docker-cli", "docker-buildx", "buildah", "skopeo", "runc"),
    *("netavark", "ca-certificates", "mount"),
)
_LEFT_OUT = ("/usr/share/doc", "/usr/share/man", "/usr/share/locale", "/usr/share/info")
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_START_LIMIT_S = 60.0
# Buildah refuses an overlay over the overlay that the root is; `folder` is on a disk.
_STORAGE = """[storage]
driver = "overlay"
graphroot = "{folder}/containers"
runroot = "{folder}/containers-run"
"""
_SCRIPT = """
root=$1 folder=$2
new=$folder/root
mount -t overlay -o "lowerdir=$root,upperdir=$folder/upper,workdir=$folder/work,userxattr" \
    overlay "$new"
mount --rbind /dev "$new/dev"
mount --rbind /sys "$new/sys"
mount -t proc proc "$new/proc"
mount -t binfmt_misc binfmt_misc "$new/proc/sys/fs/binfmt_misc"
mount -t tmpfs run "$new/run"
mount -t tmpfs tmp "$new/tmp"
mkdir -p "$new$folder"
mount --bind "$folder" "$new$folder"
cp -L /etc/resolv.conf /etc/hosts "$new/etc/"
cd "$new"
pivot_root . mnt
cd /
umount -l /mnt
exec dockerd --rootless -G 0 --config-file "$folder/daemon.json"
"""


@dataclass(frozen=True)
class Engines:
    """Running engines; what is below `folder` they see at the same path."""

    folder: Path
    pid: int

    def docker(self, *words: str | Path) -> str:
        """Run docker's command line, which must succeed; its output, without what it logs."""
        return self.ok("docker", *words)

    def ok(self, *words: str | Path) -> str:
        """Run a program, which must succeed; its output."""
        done = self.run(*words)
        assert done.returncode == 0, f"{' '.join(map(str, words))}: {done.stdout}{done.stderr}"
        return done.stdout

    def run(self, *words: str | Path, timeout_s: float = 600) -> subprocess.CompletedProcess[str]:
        """Run a program of the Debian root beside dockerd, in `folder`."""
        enter = ["nsenter", f"--target={self.pid}", "--user", "--mount", "--pid"]
        surroundings = {
            "PATH": _PATH,
            "LANG": "C.UTF-8",
            "HOME": str(self.folder),
            "DOCKER_HOST": f"unix://{self.folder}/sock",
            "CONTAINERS_STORAGE_CONF": f"{self.folder}/storage.conf",
            "BUILDAH_RUNTIME": "/usr/sbin/runc",
        }
        return subprocess.run(
            [*enter, f"--wdns={self.folder}", *map(str, words)],
            check=False,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            env=surroundings,
            stdin=subprocess.DEVNULL,
        )


def debian_root() -> Path:
    """A Debian root with the engines, from the cache or made anew from this machine's mirror."""
    what = hashlib.sha256(repr((SUITE, PACKAGES, _LEFT_OUT)).encode()).hexdigest()[:12]
    root = CACHE / f"{SUITE}-{what}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not root.exists():
            with tempfile.TemporaryDirectory(dir=CACHE, ignore_cleanup_errors=True) as scratch:
                _bootstrap(Path(scratch, "root"))
                os.rename(f"{scratch}/root", root)
    return root


@contextmanager
def serve_engines(
    *, platforms: Sequence[str] = ("linux/arm64",), containerd_store: bool = True
) -> Iterator[Engines]:
    """Run dockerd of Debian 13 in namespaces of its own until the block ends.

    Args:
        platforms: those whose programs run in there beside the machine's own.
        containerd_store: whether images are kept by containerd, or in Docker's classic store.
    """
    # A socket's path has 107 bytes (unix(7)): pytest's folders may be too deep.
    folder = Path(tempfile.mkdtemp(prefix="trimaran-engines-", dir="/var/tmp"))
    try:
        for name in ("root", "upper", "work"):
            (folder / name).mkdir()
        (folder / "daemon.json").write_text(json.dumps(_settings(folder, containerd_store)))
        (folder / "storage.conf").write_text(_STORAGE.format(folder=folder))
        with _started(folder, platforms) as running:
            yield running
    finally:
        shutil.rmtree(folder)


def _settings(folder: Path, containerd_store: bool) -> dict[str, object]:
    return {
        "features": {"containerd-snapshotter": containerd_store},
        "data-root": f"{folder}/data",
        "exec-root": f"{folder}/exec",
        "hosts": [f"unix://{folder}/sock"],
        "pidfile": f"{folder}/pid",
        "bridge": "none",
        "iptables": False,
        "ip6tables": False,
        "ip-forward": False,
    }


@contextmanager
def _started(folder: Path, platforms: Sequence[str]) -> Iterator[Engines]:
    log = folder / "log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(debian_root()), str(folder), ",".join(platforms)],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env={
                **environment(),
                "PATH": _PATH,
                "XDG_RUNTIME_DIR": str(folder),
                "HOME": str(folder),
            },
            cwd="/",
        )
    try:
        deadline = time.monotonic() + _START_LIMIT_S
        while not (engines := _answering(folder, process.pid)):
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"dockerd did not start: {log.read_text()}")
            time.sleep(0.1)
        yield engines
    finally:
        process.kill()  # unshare passes over SIGTERM; the kernel ends all of its pid namespace
        process.wait()


def _answering(folder: Path, unshare: int) -> Engines | None:
    if not (folder / "sock").exists():
        return None
    pid = Path(f"/proc/{unshare}/task/{unshare}/children").read_text()
    engines = Engines(folder, int(pid))
    return engines if engines.run("docker", "version").returncode == 0 else None


def _bootstrap(root: Path) -> None:
    mirror = source_of("mmdebstrap").split()[0]  # never from a security archive
    options = [f"--dpkgopt=path-exclude={path}/*" for path in _LEFT_OUT]
    options += [
        "--dpkgopt=force-unsafe-io",
        "--aptopt=APT::Install-Recommends false",
        "--aptopt=Acquire::Languages none",
    ]
    packages = f"--include={','.join(PACKAGES)}"
    subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=essential", packages, *options, SUITE, root, mirror],
        check=True,
    )


def _enter(root: str, folder: str, names: str) -> None:
    """In a process of its own: become root of new namespaces, and dockerd's parent."""
    from trimaran import platforms  # noqa: PLC0415
    from trimaran.emulation.prepare import prepare  # noqa: PLC0415
    from trimaran.emulation.support import Missing  # noqa: PLC0415
    from trimaran.linux import namespaces  # noqa: PLC0415

    namespaces.enter()
    supports = prepare(platforms.parse_list(names), os.environ["PATH"])
    for platform, support in supports.items():
        if isinstance(support, Missing):
            raise SystemExit(f"{platform}: {support.reason}")
    # Whoever kills the tests ends this, too: what they started must not outlive them.
    unshare = ["setpriv", "--pdeathsig=KILL", "unshare", "--pid", "--fork", "--kill-child"]
    os.execvp("setpriv", [*unshare, "--mount-proc", "sh", "-ec", _SCRIPT, "sh", root, folder])  # noqa: S606


if __name__ == "__main__":
    _enter(*sys.argv[1:])
