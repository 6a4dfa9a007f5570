"""What a Dockerfile and the flags of `build` and `run` mean, seen from the finished image."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.workshop import Workshop, labels

pytestmark = pytest.mark.real


def said(shop: Workshop, image: str, script: str, *flags: str) -> list[str]:
    return shop.ok("run", *flags, image, "sh", "-c", script).stdout.splitlines()


def config(shop: Workshop, image: str) -> dict[str, Any]:
    found = json.loads(shop.ok("inspect", "--config", image).stdout)["config"]
    assert isinstance(found, dict)
    return found


def test_target_arguments_and_labels(shared_shop: Workshop) -> None:
    shop = shared_shop
    context = shop.context(
        "ARG TAG=none\nFROM busybox AS one\nARG TAG\nARG OWN=default\nARG TARGETPLATFORM\n"
        "LABEL from=file both=file\nRUN echo $TAG $OWN $TARGETPLATFORM > /said\n"
        "FROM one AS two\nRUN exit 1\n",
        "target",
    )
    arguments = ("--build-arg", "TAG=given", "--build-arg", "OWN")
    flags = ("--label", "both=flag", "--label", "only=flag", "--target", "one", "-t", "target")
    shop.build(*arguments, *flags, context, environment={"OWN": "environment"})
    assert said(shop, "target", "cat /said") == ["given environment linux/amd64"]
    assert config(shop, "target")["Labels"] == {"from": "file", "both": "flag", "only": "flag"}
    warned = shop.events("--build-arg", "UNUSED=1", *flags, context)
    assert any("UNUSED" in event.get("message", "") for event in warned)


def test_named_contexts_and_a_dockerfile_outside_of_the_context(shared_shop: Workshop) -> None:
    shop = shared_shop
    shop.write("elsewhere/file", "elsewhere")
    shop.write("data/kept", "kept")
    shop.write("data/left", "left")
    shop.write("data/.dockerignore", "*\n")
    shop.write("files/My.Dockerfile", "FROM busybox\nCOPY --from=other file /\nCOPY . /data/\n")
    shop.write("files/My.Dockerfile.dockerignore", "# own\nl*\n.dockerignore\n")
    words = ("-f", "files/My.Dockerfile", "--build-context", "other=elsewhere", "-t", "named")
    shop.build(*words, "data")
    assert said(shop, "named", "cat /file; echo; ls -A /data") == ["elsewhere", "kept"]


def test_ignored_files_are_neither_copied_nor_seen_by_the_cache(shared_shop: Workshop) -> None:
    shop = shared_shop
    context = shop.context("FROM busybox\nCOPY . /all/\n", "ignored")
    shop.write("ignored/.dockerignore", "**/*.log\n!keep.log\nnode_modules\nDockerfile\n")
    for name in ("a.log", "deep/b.log", "keep.log", "node_modules/x", "deep/file"):
        shop.write(f"ignored/{name}", name)
    shop.build("-t", "ignored", context)
    files = said(shop, "ignored", "cd /all; for f in $(ls -A . deep); do echo $f; done")
    assert files == [".:", ".dockerignore", "deep", "keep.log", "deep:", "file"]
    shop.write("ignored/a.log", "changed")
    assert labels(shop.events(context), "step-started") == []
    assert "node_modules" in shop.refused(
        shop.context("FROM busybox\nCOPY node_modules /x/\n", "ignored")
    )


def test_triggers_of_a_base_run_in_the_build_that_takes_it(shared_shop: Workshop) -> None:
    shop = shared_shop
    base = shop.context(
        "FROM busybox\nONBUILD ARG WHO=nobody\nONBUILD COPY message /message\n"
        "ONBUILD RUN echo $WHO >> /message\nRUN echo made > /base\n",
        "base",
    )
    shop.build("-t", "onbuild:base", base)
    child = shop.context("FROM onbuild:base\nRUN echo child >> /message\n", "child")
    shop.write("child/message", "first\n")
    shop.build("-t", "onbuild:child", "--build-arg", "WHO=me", child)
    assert said(shop, "onbuild:child", "cat /base /message") == ["made", "first", "me", "child"]
    assert "OnBuild" not in config(shop, "onbuild:child")


def test_users_and_setuid_programs(shared_shop: Workshop) -> None:
    context = shared_shop.context(
        "FROM busybox\n"
        "RUN cp /bin/busybox /bin/su-id && chmod 4755 /bin/su-id && ln -s su-id /bin/suid\n"
        "RUN mkdir /home && mkdir /home/worker && chown worker:worker /home/worker\n"
        "USER worker\nWORKDIR /home/worker\nRUN id -u > ids; id -g >> ids; touch mine\n"
        "COPY --chown=worker Dockerfile copied\nUSER 4321:4321\nRUN id -u > /tmp/other\n"
        "USER worker\n",
        "users",
    )
    for platform in ("linux/amd64", "linux/arm64"):
        shared_shop.build("--platform", platform, "-t", "users", context)
        script = "cat ids /tmp/other; stat -c %u:%g ids mine copied /tmp/other /home/worker; id -u"
        assert said(shared_shop, "users", script, "--platform", platform) == [
            *("1000", "1000", "4321"),
            *("1000:1000", "1000:1000", "1000:1000", "4321:4321", "1000:1000"),
            "1000",
        ]


def test_copy_add_and_workdir_follow_the_reference(shared_shop: Workshop) -> None:
    context = shared_shop.context(
        "FROM busybox AS stage\nRUN mkdir -p /out/deep && echo out > /out/deep/file\n"
        "FROM busybox\nWORKDIR /work\nWORKDIR relative\nENV PLACE=/placed\n"
        'COPY one.txt two.txt ./\nCOPY *.md ${PLACE}/\nCOPY ["with space", "/spaced"]\n'
        "COPY --from=stage /out /from-stage\nCOPY --from=0 /out/deep /by-number/\n"
        "COPY --from=busybox /etc/group /from-image\nCOPY tree /tree\nCOPY tree/inner/ /inner/\n"
        'SHELL ["/bin/sh", "-ec"]\nRUN pwd > /pwd\nVOLUME /volume\nSTOPSIGNAL SIGINT\n'
        'HEALTHCHECK --interval=5s CMD true\nEXPOSE 80 53/udp\nENTRYPOINT ["echo"]\nCMD ["hi"]\n',
        "copies",
    )
    for name in ("one.txt", "two.txt", "a.md", "b.md", "with space", "tree/inner/file"):
        shared_shop.write(f"copies/{name}", name)
    shared_shop.build("-t", "copies", context)
    script = "ls /work/relative /placed /tree /inner /by-number; cat /pwd /from-stage/deep/file"
    done = shared_shop.ok("run", "--entrypoint", "sh", "copies", "-c", script)
    assert done.stdout.split() == [
        *("/by-number:", "file", "/inner:", "file", "/placed:", "a.md", "b.md"),
        *("/tree:", "inner", "/work/relative:", "one.txt", "two.txt", "/work/relative", "out"),
    ]
    assert shared_shop.ok("run", "copies").stdout == "hi\n"
    assert shared_shop.ok("run", "copies", "other").stdout == "other\n"
    found = config(shared_shop, "copies")
    assert found["StopSignal"] == "SIGINT"
    assert found["Volumes"] == {"/volume": {}}
    assert found["ExposedPorts"] == {"80/tcp": {}, "53/udp": {}}
    assert found["Healthcheck"] == {"Test": ["CMD-SHELL", "true"], "Interval": 5_000_000_000}
    assert found["WorkingDir"] == "/work/relative"


def test_a_run_gives_environment_folders_user_and_status(shared_shop: Workshop) -> None:
    shop = shared_shop
    shop.build("-t", "plain", shop.context("FROM busybox\nENV A=image\n", "plain"))
    shop.write("shared/file", "shared")
    flags = ("-e", "A=flag", "-e", "B", "-v", f"{shop.folder}/shared:/mnt/shared:ro", "-w", "/tmp")
    script = "echo $A $B; pwd; cat /mnt/shared/file; touch /mnt/shared/new; id -u; exit 37"
    words = ("run", "--rm", *flags, "-u", "worker", "plain", "sh", "-c", script)
    done = shop.run(*words, environment={"B": "environment"})
    assert done.returncode == 37
    assert done.stdout.splitlines() == ["flag environment", "/tmp", "shared1000"]
    assert "Read-only file system" in done.stderr
    missing = shop.run("run", "plain", "no-such-program")
    assert missing.returncode == 127
    assert missing.stderr.endswith("ERROR: no-such-program: not found in the image\n")
    assert shop.run("run", "plain", "/etc/passwd").returncode == 126
    killed = "sleep 9 & kill -9 $!; wait $!"
    assert shop.run("run", "plain", "sh", "-c", killed).returncode == 137
    assert "mnt" not in shop.ok("run", "plain", "ls", "/").stdout.split()


def test_nothing_of_the_builder_stays_in_the_image(shared_shop: Workshop) -> None:
    context = shared_shop.context("FROM busybox\nRUN cat /etc/resolv.conf /etc/hosts\n", "clean")
    root = shared_shop.folder / "root"
    shared_shop.build("-o", f"type=local,dest={root}", context)
    names = {path.name for path in root.iterdir()}
    assert names == {"bin", "dev", "etc", "proc", "root", "sys", "tmp"}
    assert sorted(path.name for path in (root / "etc").iterdir()) == ["group", "passwd"]
    assert list((root / "dev").iterdir()) == []


def test_a_context_that_changes_meanwhile_is_refused_and_not_remembered(shop: Workshop) -> None:
    context = shop.context("FROM busybox\nRUN sleep 4\nCOPY text /text\n")
    text = shop.write("context/text", "planned")
    words = shop.build_words("--progress", "rawjson", "-t", "changed", context)
    with shop.start(*words) as building:
        assert building.stderr is not None
        started = next(line for line in building.stderr if "RUN sleep" in line)
        assert "step-started" in started
        text.write_text("another")
        _, said = building.communicate(timeout=60)
    assert building.returncode == 1
    assert "the build context changed while it was built from" in said
    text.write_text("planned")
    shop.build("-t", "changed", context)
    assert shop.ok("run", "changed", "cat", "/text").stdout == "planned"
