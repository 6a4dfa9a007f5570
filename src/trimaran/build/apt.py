"""Packages by the machine's own apt, in a private state: nothing of the host changes.

apt checks the archive's signature and every size and digest (apt-secure(8)).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from trimaran.build import debian
from trimaran.build.debian import Mirror
from trimaran.errors import HostError
from trimaran.linux import distribution, process

_PACKAGES = {"debian": "apt", "fedora": "apt", "arch": "apt", "alpine": "apt"}
_KEYRINGS = {
    "debian": "debian-archive-keyring",
    "fedora": "debian-keyring",
    "arch": "debian-archive-keyring",
    "alpine": "debian-archive-keyring",
}
# The host's hooks after an update would run too; its proxies are to stay in force.
_CONFIGURATION = """\
#clear APT::Update;
#clear APT::Architectures;
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
Dir::Cache "{folder}/cache";
Dir::Cache::pkgcache "pkgcache.bin";
Dir::Cache::srcpkgcache "";
Dir::Log "{folder}/log";
Dir::Etc::SourceList "{folder}/debian.sources";
Dir::Etc::SourceParts "-";
APT::Architecture "{first}";
APT::Architectures {{ {architectures} }};
APT::Sandbox::User "root";
Acquire::Languages "none";
Acquire::GzipIndexes "false";
Acquire::Retries "2";
"""


class FetchError(HostError):
    """A package could not be had from its suite."""


@dataclass(frozen=True, slots=True)
class Programs:
    """Where programs are found and what they are told.

    Attributes:
        search_path: colon-separated folders; the system's own are added.
        proxies: the proxy variables that are set.
    """

    search_path: str
    proxies: Mapping[str, str]

    @property
    def environment(self) -> dict[str, str]:
        path = f"{self.search_path}:{process.SYSTEM_PATH}"
        return {"PATH": path, "LC_ALL": "C.UTF-8", **self.proxies}

    def find(self, name: str, packages: Mapping[str, str]) -> Path:
        """Where a program lies; `packages` maps a distribution's family to what it is in.

        Raises:
            HostError: it is not installed.
        """
        found = process.find(name, self.environment["PATH"])
        if found is None:
            hint = distribution.install_hint(packages, distribution.family(), f"install {name}")
            raise HostError(f"{name} is not installed", hint)
        return found


def check_keyring(keyring: Path = debian.KEYRING) -> None:
    """Make sure that Debian's signatures can be checked.

    Raises:
        HostError: the keyring is missing.
    """
    if not keyring.is_file():
        otherwise = "install debian-archive-keyring"
        hint = distribution.install_hint(_KEYRINGS, distribution.family(), otherwise)
        raise HostError(f"no keys of Debian's archive at {keyring}", hint)


def download(
    package: str,
    architectures: Sequence[str],
    suite: str,
    *,
    mirror: Mirror,
    programs: Programs,
    folder: Path,
) -> dict[str, Path]:
    """Fetch one package for several architectures of a suite.

    Args:
        package: its name.
        architectures: at least one, as Debian names them.
        suite: a code name.
        mirror: the archive.
        programs: where apt-get is found.
        folder: an empty folder for apt's state and the packages, named without quotes.

    Returns:
        The package's file by architecture.

    Raises:
        FetchError: apt-get failed.
        HostError: apt-get or the keyring is missing.
    """
    apt_get = programs.find("apt-get", _PACKAGES)
    check_keyring()
    _write_state(folder, architectures, suite, mirror)
    command = [str(apt_get), "-q", "-c", str(folder / "apt.conf")]
    names = [f"{package}:{architecture}" for architecture in architectures]
    for arguments in (
        ["-o", "pkgCacheFile::Generate=false", "update"],
        ["download", *names],
    ):
        done = process.run(
            [*command, *arguments], environment=programs.environment, folder=folder, check=False
        )
        if done.returncode != 0:
            raise FetchError(
                f"cannot fetch {', '.join(names)} from Debian {suite}: {_reason(done.stderr)}",
                "check the network; if the mirror is being updated try later, or another suite",
            )
    return {name: _package_file(folder, package, name) for name in architectures}


def _reason(stderr: bytes) -> str:
    """What apt-get gives as its first error, on one line, for a person to read."""
    lines = stderr.decode(errors="replace").splitlines()
    said = next((line.removeprefix("E: ") for line in lines if line.startswith("E: ")), "")
    return said or "apt-get failed"


def _write_state(folder: Path, architectures: Sequence[str], suite: str, mirror: Mirror) -> None:
    for name in ("state/lists/partial", "cache/archives/partial", "log"):
        (folder / name).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "debian.sources").write_text(
        f"Types: deb\nURIs: {mirror.archive}\nSuites: {suite}\nComponents: main\n"
        f"Architectures: {' '.join(architectures)}\nSigned-By: {debian.KEYRING}\n",
        encoding="utf-8",
    )
    quoted = " ".join(f'"{architecture}";' for architecture in architectures)
    (folder / "apt.conf").write_text(
        _CONFIGURATION.format(folder=folder, first=architectures[0], architectures=quoted),
        encoding="utf-8",
    )


def _package_file(folder: Path, package: str, architecture: str) -> Path:
    found = next(folder.glob(f"{package}_*_{architecture}.deb"), None)
    if found is None:
        raise HostError(f"apt-get gave no {package} for {architecture}")
    return found
