"""RUN --mount, --network and --security, and the options of `build` and `run` that go with them."""

from __future__ import annotations

import gzip
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.users import identity
from tests.support.workshop import Done, Workshop, labels

pytestmark = pytest.mark.real

TWO = "linux/amd64,linux/arm64"
MOUNTS = """\
FROM busybox AS made
RUN mkdir /out && echo made on $(uname -m) >/out/file
FROM busybox
ARG where=/src
WORKDIR /work
RUN --mount=target=$where --mount=source=one.txt,target=two.txt,rw \\
    --mount=from=made,source=/out/file,target=/new/deep/file \\
    --mount=from=extra,target=/extra,rw --mount=type=tmpfs,target=/scratch,size=1m \\
    ls /src >/seen && cat two.txt /new/deep/file /extra/x >>/seen && echo lost >>two.txt && \\
    echo lost >/extra/x && echo lost >/scratch/x && ! touch /src/x 2>/dev/null
RUN --mount=type=cache,target=/own --mount=type=cache,target=/all,id=all,sharing=locked \\
    echo $(uname -m) >>/own/log && echo $(uname -m) >>/all/log && \\
    cat /own/log >/own.log && sort /all/log >/all.log
"""


def seen(shop: Workshop, image: str, script: str, *flags: str) -> list[str]:
    return shop.ok("run", *flags, image, "sh", "-c", script).stdout.splitlines()


def test_mounts_show_their_files_and_keep_nothing(shop: Workshop) -> None:
    context = shop.context(MOUNTS)
    shop.write("context/.dockerignore", "*.log\n")
    for name in ("one.txt", "left.log"):
        shop.write(f"context/{name}", f"{name}\n")
    shop.write("extra/x", "extra\n")
    words = ("--platform", TWO, "--build-context", "extra=extra", "-t", "mounts", context)
    shop.build(*words)
    for platform, machine in (("linux/amd64", "x86_64"), ("linux/arm64", "aarch64")):
        flags = ("--platform", platform)
        assert seen(shop, "mounts", "cat /seen", *flags) == [
            *("Dockerfile", "one.txt", "one.txt", f"made on {machine}", "extra"),
        ]
        assert seen(shop, "mounts", "cat /own.log", *flags) == [machine]
        left = "ls -d /new /extra /scratch /src /own /all /work/* 2>/dev/null"
        assert seen(shop, "mounts", f"{left}; ls -A /work", *flags) == []
    # A cache with an id is one for all platforms: the later of the two saw the other's line.
    logs = [seen(shop, "mounts", "cat /all.log", "--platform", p) for p in TWO.split(",")]
    assert sorted(logs, key=len)[1] == ["aarch64", "x86_64"]

    cached = shop.events(*words)
    assert labels(cached, "step-started") == []
    shop.write("context/left.log", "changed")
    assert labels(shop.events(*words), "step-started") == []
    shop.write("context/one.txt", "changed\n")
    again = labels(shop.events(*words), "step-started")
    assert any("files mounted on /src" in label for label in again)
    assert seen(shop, "mounts", "cat /own.log") == ["x86_64", "x86_64"]


def test_mounts_that_cannot_be(shop: Workshop) -> None:
    def refused(line: str, *flags: str) -> str:
        return shop.refused(*flags, shop.context(f"FROM busybox AS base\nRUN {line} true\n"))

    missing = refused("--mount=source=nowhere,target=/x")
    assert "no 'nowhere' in the build context" in missing
    assert "2 | >>> RUN --mount=source=nowhere" in missing
    below = refused("--mount=from=busybox,source=/nowhere,target=/x")
    assert "there is no /nowhere to mount on /x" in below
    assert "2 | >>>" in below
    secret = refused("--mount=type=secret,id=token,required")
    assert "the secret 'token' was not given" in secret
    assert "add --secret id=token,src=FILE" in secret
    assert "2 | >>>" in secret
    assert "no SSH agent 'default' was given" in refused("--mount=type=ssh,required")
    late = "FROM busybox\nRUN echo first\nRUN --mount=type=secret,id=token,required true\n"
    early = shop.run(*shop.build_words(shop.context(late)))
    assert "the secret 'token' was not given" in early.stderr
    assert "echo first" not in early.stderr.partition("ERROR")[0]  # no step was begun
    assert "add --allow network.host" in refused("--network=host")
    assert "add --allow security.insecure" in refused("--security=insecure")


WRONG = (
    ("--secret idd=x", "unknown field 'idd=x'"),
    ("--secret src=x", "has no id"),
    ("--secret id=x,src=nowhere", "cannot read nowhere: No such file"),
    ("--secret id=x,type=text", "the types are file, env"),
    ("--ssh default=nowhere", "nowhere: No such file"),
    ("--ssh default", "SSH_AUTH_SOCK is not set"),
    ("--network bridge", "there is no such network"),
    ("--add-host name", "write --add-host NAME:IP"),
    ("--shm-size some", "a size is such as 64m or 1g"),
    ("--ulimit nofile=2:1", "the soft limit is above the hard one"),
    ("--ulimit nofile=many", "write nofile=SOFT[:HARD]"),
    ("--ulimit nofile=-1", "above this process's own limit"),
    ("--ulimit files=1", "did you mean nofile?"),
    ("--allow network.hots", "did you mean network.host?"),
    ("--allow device=gpu", "no devices of this machine"),
)


def test_values_that_cannot_be(shared_shop: Workshop) -> None:
    shared_shop.context("FROM busybox\n")
    for words, text in WRONG:
        said = shared_shop.refused(*words.split(" ", 1), "context", status=2)
        assert text in said, (words, said)


def test_networks_hosts_and_limits(shop: Workshop) -> None:
    context = shop.context(
        "FROM busybox\n"
        "RUN --network=none grep -c : /proc/net/dev >/none; ping -c1 127.0.0.1 >>/none\n"
        "RUN grep -c : /proc/net/dev >/default; grep given /etc/hosts >/hosts; ulimit -n >/files\n"
        "RUN df -k /dev/shm | tail -1 >/shm\n"
        "RUN --network=host true\n"
        "RUN --security=insecure grep CapEff /proc/self/status >/insecure\n"
    )
    flags = (
        *("--allow", "network.host", "--allow", "security.insecure", "--allow", "usr/x=known"),
        *("--add-host", "given:192.0.2.7", "--add-host=given6=[2001:db8::1]"),
        *("--ulimit", "nofile=99:100", "--shm-size", "3m", "--cgroup-parent", "here"),
    )
    done = shop.build(*flags, "--progress", "plain", "-t", "net", context)
    assert "--cgroup-parent is ignored" in done.stderr
    assert seen(shop, "net", "head -1 /none; cat /hosts /files; awk '{print $2}' /shm") == [
        *("1", "192.0.2.7\tgiven", "2001:db8::1\tgiven6", "99", "3072"),
    ]
    assert int(seen(shop, "net", "cat /default")[0]) > 1
    assert re.fullmatch(
        r"CapEff:\t[0-9a-f]{6}[1-9a-f]fffffffff", seen(shop, "net", "cat /insecure")[0]
    )
    ran = ("--network", "none", "--add-host", "given:192.0.2.8", "--ulimit", "nofile=77")
    script = "grep -c : /proc/net/dev; grep given /etc/hosts; ulimit -n"
    assert seen(shop, "net", script, *ran) == ["1", "192.0.2.8\tgiven", "77"]
    # --network=none is the network of each RUN that does not say, another step than before.
    shop.write("context/Dockerfile", "FROM busybox\nRUN grep -c : /proc/net/dev >/n\n")
    shop.build("-t", "own", context)
    shop.build("-t", "none", "--network=none", context)
    assert seen(shop, "none", "cat /n") == ["1"]
    assert seen(shop, "own", "cat /n") != ["1"]


def test_a_base_triggers_a_run_with_mounts(shop: Workshop) -> None:
    base = shop.context(
        "FROM busybox\n"
        "ONBUILD RUN --mount=from=busybox,source=/bin,target=/tools"
        " --mount=type=bind,source=file,target=/file cat /file >/kept && ls /tools/sh >>/kept\n",
        "base",
    )
    shop.build("-t", "trigger", base)
    context = shop.context("FROM trigger\n")
    shop.write("context/file", "of the child\n")
    shop.build("-t", "child", context)
    assert seen(shop, "child", "cat /kept; ls -d /tools /file 2>/dev/null; true") == [
        *("of the child", "/tools/sh"),
    ]


SECRET, VARIABLE = "s3cret-of-a-file-8f1d", "s3cret-of-a-variable-77aa"
ON_A_TERMINAL = (
    *("/usr/bin/python3", "-c"),
    "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))",
)
SECRETS = """\
FROM busybox
COPY tools/ /
USER worker
ARG TOKEN=visible
RUN --mount=type=secret,id=file,uid=1000 --mount=type=secret,id=TOKEN,env=TOKEN \\
    --mount=type=secret,id=file,target=/etc/deep/file,mode=0444 --mount=type=ssh,uid=1000 \\
    test "$(cat /run/secrets/file)" = "$(cat /etc/deep/file)" && \\
    echo "$TOKEN" | tr s3cret- XXXXXXX | wc -c && ssh-add -l | cut -d' ' -f3- && \\
    ! ssh-add -D 2>/dev/null && ! ls /etc/deep/none
RUN --mount=type=secret,id=file,uid=1000 id -u && test -s /run/secrets/file
"""


@pytest.fixture
def agent(shop: Workshop) -> Iterator[Path]:
    """The socket of the ordinary user's SSH agent with one key."""
    path = shop.folder / "agent"
    options: dict[str, Any] = {"cwd": shop.folder, **identity()}
    key = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "the agent's key", "-f", "key"]
    subprocess.run(key, check=True, **options)
    argv = ["ssh-agent", "-D", "-a", str(path)]
    with subprocess.Popen(argv, stdout=subprocess.DEVNULL, **options) as running:
        while not path.exists():
            assert running.poll() is None
        environment = {"SSH_AUTH_SOCK": str(path), "PATH": "/usr/bin:/bin"}
        subprocess.run(["ssh-add", "-q", "key"], check=True, env=environment, **options)
        yield path
        running.terminate()


def ssh_tools(folder: Path) -> None:
    """The machine's own ssh-add, with what it is linked to."""
    program = shutil.which("ssh-add")
    assert program is not None
    linked = subprocess.run(["ldd", program], check=True, capture_output=True, text=True).stdout
    for name in re.findall(r"(/\S+) \(0x", linked):
        target = folder / name.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(name, target)
        target.chmod(0o755)
    (folder / "bin").mkdir(exist_ok=True)
    shutil.copyfile(program, folder / "bin/ssh-add")
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755)


def test_secrets_and_agents_reach_the_step_and_nothing_else(shop: Workshop, agent: Path) -> None:
    context = shop.context(SECRETS)
    ssh_tools(context / "tools")
    shop.write("secret", f"{SECRET}\n", 0o600)
    shutil.chown(shop.folder / "secret", *map(int, (identity()["user"], identity()["group"])))
    environment = {"SSH_AUTH_SOCK": str(agent), "TOKEN": VARIABLE}
    words = ("--secret", "id=file,src=secret", "--secret", "id=TOKEN", "--ssh", "default", context)
    logs: list[Done] = []
    for progress in ("plain", "rawjson", "quiet", "tty"):
        flags = ("--no-cache", "--progress", progress, "-t", "secret")
        variables = [f"{name}={value}" for name, value in environment.items()]
        launcher = ["env", *variables, *(ON_A_TERMINAL if progress == "tty" else ())]
        done = shop.run_by(launcher, *shop.build_words(*flags, *words))
        assert done.returncode == 0, done.stdout + done.stderr
        logs.append(done)
    assert "[linux/amd64" in logs[-1].stdout
    plain = logs[0].stderr
    assert f" {len(VARIABLE) + 1}\n" in plain
    assert "the agent's key (ED25519)" in plain
    outputs = ("-o", "type=oci,dest=layout,tar=false", "-o", "type=local,dest=root")
    shop.build(*outputs, *words, environment=environment)

    history = shop.ok("inspect", "--config", "secret").stdout
    assert "TOKEN=visible" in history
    found = [secret for log in logs for secret in secrets_in((log.stdout + log.stderr).encode())]
    assert found == []
    assert secrets_in(history.encode()) == []
    assert leaks(shop) == []

    # A secret is no part of what a step is: another one, or none, finds the step's result.
    shop.write("secret", "another\n", 0o644)
    assert labels(shop.events(*words, environment=environment), "step-started") == []
    assert labels(shop.events(context), "step-started") == []

    # The search itself finds what a step writes down.
    shop.write("secret", SECRET)
    leaky = shop.context("FROM busybox\nRUN --mount=type=secret,id=x,target=/x cp /x /y\n", "leaky")
    shop.build("--secret", "id=x,src=secret", "-o", "type=oci,dest=layout,tar=false", leaky)
    assert {path.relative_to(shop.folder).parts[0] for path in leaks(shop)} == {"layout", "store"}


def leaks(shop: Workshop) -> list[Path]:
    """The files that hold a secret, in the store and in outputs."""
    files = [
        path
        for name in (shop.store, "layout", "root")
        for path in (shop.folder / name).rglob("*")
        if path.is_file() and not path.is_symlink()
    ]
    assert len(files) > 100
    return [path for path in files if secrets_in(unpacked(path.read_bytes()))]


def unpacked(data: bytes) -> bytes:
    return gzip.decompress(data) if data.startswith(b"\x1f\x8b") else data


def secrets_in(data: bytes) -> list[str]:
    return [secret for secret in (SECRET, VARIABLE) if secret.encode() in data]


def test_keys_of_files_and_a_step_that_fails(shop: Workshop, agent: Path) -> None:
    del agent
    context = shop.context(
        "FROM busybox\nCOPY tools/ /\n"
        "RUN --mount=type=ssh,id=keys --mount=type=secret,id=x,env=X ssh-add -l && exit 3\n"
    )
    ssh_tools(context / "tools")
    shop.write("s", SECRET)
    flags = ("--ssh", "keys=key", "--secret", "id=x,src=s", "--progress", "plain")
    failed = shop.run(*shop.build_words(*flags, context))
    assert failed.returncode == 1
    assert "the agent's key (ED25519)" in failed.stderr
    assert "exit status 3" in failed.stderr
    assert SECRET not in failed.stdout + failed.stderr
    assert not [path for path in Path("/proc").glob("[0-9]*/cmdline") if is_agent_of_keys(path)]


def is_agent_of_keys(path: Path) -> bool:
    try:
        return b"-D\0-a\0socket\0" in path.read_bytes()
    except OSError:
        return False
