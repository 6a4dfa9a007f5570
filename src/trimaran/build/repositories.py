"""Git repositories: what ADD of one copies, and contexts that are one."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import shutil
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from trimaran.build.downloads import FindSecret
from trimaran.build.git_program import HINT, Git, environment_of, shown
from trimaran.errors import ContextError
from trimaran.graph.steps import GitTree
from trimaran.linux import process, rootfs

_COMMIT = re.compile(r"[a-f0-9]{40}|[a-f0-9]{64}")


class _Found(msgspec.Struct, frozen=True):
    """What a ref stands for: a commit, and the ref's full name; empty if it is a commit itself."""

    commit: str
    name: str


class Repositories:
    """The repositories of one build; each ref is asked for once.

    Args:
        search_path: where git is found.
        proxies: the environment's proxy variables.
        find_secret: where GIT_AUTH_TOKEN and GIT_AUTH_HEADER are looked up, with .HOST first.
        agent: the socket of the SSH agent that was lent, or files of private keys.
    """

    def __init__(
        self,
        search_path: str,
        proxies: Mapping[str, str],
        find_secret: FindSecret,
        agent: Sequence[Path] = (),
    ) -> None:
        self._search_path = search_path
        self._proxies = proxies
        self._find_secret = find_secret
        self._agent = agent
        self._found: dict[tuple[str, str], _Found] = {}

    def digest(self, tree: GitTree) -> str:
        """What stands for a checkout in a step's identity: 64 hex digits of its commit and form.

        Raises:
            ContextError: git is missing, the repository cannot be read, there is no such ref, or
                it is not the commit of --checksum.
        """
        commit = self._resolve(tree).commit
        fields = ("git", commit, tree.subfolder, str(bool(tree.keep_git)), str(tree.submodules))
        return hashlib.sha256("\0".join(fields).encode()).hexdigest()

    def commit(self, tree: GitTree) -> str:
        """What a ref stands for. Raises ContextError as `digest`."""
        return self._resolve(tree).commit

    def check_out(self, tree: GitTree, folder: Path) -> Path:
        """Fetch a commit into the empty `folder`.

        Modes are 0755 and 0644, times are the commit's: they do not depend on who fetches, or when.

        Returns:
            The folder that is meant: this one, or the subfolder.

        Raises:
            ContextError: as `digest`; or there is no such subfolder.
        """
        found = self._resolve(tree)
        git = self._git(tree.remote)
        git.done("init", "--quiet", "--template=", folder)
        inside = git.within(folder)
        _Fetching(inside, tree.remote, found).run()
        inside.done("remote", "add", "origin", tree.remote)
        inside.done("checkout", "--quiet", "--detach", found.commit)
        if tree.submodules and (folder / ".gitmodules").is_file():
            _update_submodules(inside)
        seconds = int(inside.done("show", "--no-patch", "--format=%ct", found.commit) or b"0")
        if tree.keep_git and not tree.subfolder.strip("/."):
            inside.done("remote", "set-url", "origin", shown(tree.remote))
            _forget(folder / ".git")
        else:
            _remove_git(folder)
        _settle(folder, seconds)
        return _subfolder(folder, tree)

    def _resolve(self, tree: GitTree) -> _Found:
        key = (tree.remote, tree.ref)
        if key not in self._found:
            is_commit = _COMMIT.fullmatch(tree.ref) is not None
            found = _Found(tree.ref, "") if is_commit else self._look_up(tree)
            self._found[key] = found
        commit = self._found[key].commit
        if not commit.startswith(tree.checksum):
            raise ContextError(
                f"{shown(tree.remote)} {tree.ref or 'HEAD'} is {commit}, the checksum says"
                f" {tree.checksum}",
                "find out why it moved before you write the new commit",
            )
        return self._found[key]

    def _look_up(self, tree: GitTree) -> _Found:
        git = self._git(tree.remote)
        names = _names(tree.ref)
        asked = (*names, *(f"{name}^{{}}" for name in names))
        lines = git.done("ls-remote", "--symref", "--", tree.remote, *asked).decode()
        pairs = [line.split("\t", 1) for line in lines.splitlines() if "\t" in line]
        listed = {name: commit for commit, name in pairs if not commit.startswith("ref: ")}
        head = next((what[5:] for what, _ in pairs if what.startswith("ref: ")), "HEAD")
        for name in names:
            if name in listed:
                commit = listed.get(f"{name}^{{}}", listed[name])
                return _Found(commit, head if name == "HEAD" else name)
        raise ContextError(
            f"{shown(tree.remote)} has no ref {tree.ref or 'HEAD'!r}",
            "name a branch, a tag, or a commit by all its hex digits",
        )

    def _git(self, remote: str) -> Git:
        if process.find("git", self._search_path) is None:
            raise ContextError(f"git is not installed, and {shown(remote)} needs it")
        environment = environment_of(
            self._search_path, self._proxies, self._agent, self._authorization(remote), remote
        )
        return Git(environment, remote)

    def _authorization(self, remote: str) -> str:
        """The Authorization header that secrets of BuildKit's names give for the host."""
        host = urlsplit(remote).netloc.rpartition("@")[2] if "://" in remote else ""
        for suffix in (f".{host}", ""):
            header = self._find_secret(f"GIT_AUTH_HEADER{suffix}")
            if header is not None:
                return header.decode("utf-8", "replace").strip()
            token = self._find_secret(f"GIT_AUTH_TOKEN{suffix}")
            if token is not None:
                login = base64.b64encode(b"x-access-token:" + token.strip()).decode()
                return f"basic {login}"
        return ""


def _names(ref: str) -> tuple[str, ...]:
    """What a ref may stand for, the first that exists counts: branches before tags, as in git."""
    if not ref or ref == "HEAD":
        return ("HEAD",)
    return (f"refs/{ref.removeprefix('refs/')}", f"refs/heads/{ref}", f"refs/tags/{ref}")


class _Fetching(msgspec.Struct, frozen=True):
    """Brings a commit into a repository, by the cheapest way that the server knows."""

    git: Git
    remote: str
    found: _Found

    def run(self) -> None:
        commit, name = self.found.commit, self.found.name
        if not name:
            self.git.done("ls-remote", "--", self.remote, "HEAD")  # is it there at all?
        wanted = f"+{name}:{name}" if name.startswith("refs/") else name or commit
        for words in (
            ("--depth=1", "--no-tags", "--", self.remote, wanted),
            ("--depth=1", "--no-tags", "--", self.remote, commit),
            ("--no-tags", "--", self.remote, wanted),
            ("--tags", "--", self.remote, "+refs/heads/*:refs/remotes/origin/*"),
        ):
            # A server may know neither shallow fetches nor commits by name (dumb HTTP).
            ended = self.git.tried("fetch", "--quiet", "--update-head-ok", *words)
            if self._is_there():
                return
        if ended.returncode:
            raise self.git.failure(ended)
        raise ContextError(f"{shown(self.remote)} has no commit {commit}", HINT)

    def _is_there(self) -> bool:
        return not self.git.tried("cat-file", "-e", f"{self.found.commit}^{{commit}}").returncode


def _update_submodules(git: Git) -> None:
    words = ("submodule", "--quiet", "update", "--init", "--recursive")
    if git.tried(*words, "--depth=1").returncode:
        git.done(*words)


def _forget(folder: Path) -> None:
    """Remove from `.git` what tells when and how it was fetched."""
    (folder / "FETCH_HEAD").unlink(missing_ok=True)
    shutil.rmtree(folder / "logs", ignore_errors=True)


def _remove_git(folder: Path) -> None:
    for parent, names, files in os.walk(folder):
        if ".git" in names:
            shutil.rmtree(Path(parent, ".git"))
            names.remove(".git")
        if ".git" in files:
            Path(parent, ".git").unlink()


def _settle(folder: Path, seconds: int) -> None:
    """Give all files the modes of umask 022 and the commit's time."""
    for parent, names, files in os.walk(folder, topdown=False):
        for name in (*names, *files):
            path = os.path.join(parent, name)
            status = os.lstat(path)
            if stat.S_ISDIR(status.st_mode):
                os.chmod(path, 0o755)  # noqa: S103 - as git makes it
            elif stat.S_ISREG(status.st_mode):
                os.chmod(path, 0o755 if status.st_mode & 0o100 else 0o644)
            os.utime(path, (seconds, seconds), follow_symlinks=False)


def _subfolder(folder: Path, tree: GitTree) -> Path:
    found = rootfs.resolve(folder, tree.subfolder)
    if not found.is_dir():
        raise ContextError(f"{shown(tree.remote)} has no folder {tree.subfolder!r}")
    return found
