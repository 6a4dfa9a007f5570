"""Wrong inputs: each one clear line or two with the way out, and nothing built or pushed."""

from __future__ import annotations

import base64
import json
import os
import re
import shlex
from pathlib import Path

import pytest
from tests.support.registry import serve_registry
from tests.support.users import ordinary_user, trimaran_program
from tests.support.workshop import Done, Workshop, labels, read_events

pytestmark = pytest.mark.real

GOOD = "FROM busybox\nRUN true\n"


def plain(shop: Workshop, text: str) -> str:
    return text.replace(str(shop.folder), "HERE")


def test_no_dockerfile(shared_shop: Workshop) -> None:
    (shared_shop.folder / "empty").mkdir()
    assert shared_shop.refused("empty") == (
        "ERROR: no Dockerfile at empty/Dockerfile\n"
        "hint: create empty/Dockerfile, or name another file with -f\n"
    )
    assert shared_shop.refused("-f", "other", "empty") == (
        "ERROR: no Dockerfile at other\nhint: create other, or name another file with -f\n"
    )


def test_no_context(shared_shop: Workshop) -> None:
    assert plain(shared_shop, shared_shop.refused("nowhere")) == (
        "ERROR: cannot read the build context HERE/nowhere: No such file or directory\n"
        "hint: name the folder that COPY reads\n"
    )
    shared_shop.write("file")
    assert plain(shared_shop, shared_shop.refused("file")) == (
        "ERROR: cannot read the build context HERE/file: Not a directory\n"
        "hint: name the folder that COPY reads\n"
    )
    said = shared_shop.refused("--build-context", "other=nowhere", shared_shop.context(GOOD))
    assert "the build context 'other' HERE/nowhere" in plain(shared_shop, said)


def test_an_unknown_instruction_is_shown_with_its_lines(shared_shop: Workshop) -> None:
    shared_shop.context("FROM busybox\n# a note\nRUM echo 1\nRUN true\n", "unknown")
    assert shared_shop.refused("unknown") == (
        "ERROR: unknown/Dockerfile:3: unknown instruction RUM\n"
        "unknown/Dockerfile:3\n"
        "   1 |     FROM busybox\n"
        "   2 |     # a note\n"
        "   3 | >>> RUM echo 1\n"
        "   4 |     RUN true\n"
        "hint: did you mean RUN?\n"
    )


def test_a_missing_source_is_shown_before_any_step_runs(shared_shop: Workshop) -> None:
    shared_shop.context("FROM busybox\nRUN echo first\nCOPY missing /x\n", "source")
    words = shared_shop.build_words(
        "--progress", "rawjson", "--platform", "linux/arm64,linux/amd64"
    )
    done = shared_shop.run(*words, "source")
    assert done.returncode == 1
    assert labels(read_events(done), "step-started") == []
    said = shared_shop.refused("source")
    assert "no 'missing' in the build context" in said
    assert "   3 | >>> COPY missing /x\n" in said


def test_an_unknown_and_an_ambiguous_platform(shared_shop: Workshop) -> None:
    context = shared_shop.context(GOOD)
    said = shared_shop.refused("--platform", "linux/amd64,linux/m68000", context, status=2)
    assert said.startswith(
        "ERROR: unknown platform 'linux/m68000': no architecture 'm68000'\nhint:"
    )
    assert " s390x," in said
    said = shared_shop.refused("--platform", "x86", context, status=2)
    assert said == ("ERROR: 'x86' may mean several platforms\nhint: say linux/386 or linux/amd64\n")


def test_a_base_without_platforms_names_all_of_them_at_once(shared_shop: Workshop) -> None:
    wanted = "linux/riscv64,linux/amd64,linux/ppc64le"
    words = ("--progress", "rawjson", "--platform", wanted, "-t", "gaps", shared_shop.context(GOOD))
    done = shared_shop.run(*shared_shop.build_words(*words))
    assert done.returncode == 1
    assert read_events(done) == []
    assert re.findall(r"busybox: .* has no image for (\S+)", done.stderr) == [
        *("linux/ppc64le", "linux/riscv64")
    ]
    hint = "hint: it has: linux/amd64, linux/arm64, linux/arm/v7, linux/s390x"
    assert done.stderr.splitlines()[-1] == hint


def test_a_layout_without_the_tag_is_said_once(shared_shop: Workshop) -> None:
    context = shared_shop.context("FROM other\n", "tagless")
    base = shared_shop.busybox.replace(":latest", ":none")
    words = ("--build-context", f"other={base}", "--platform", "linux/amd64,linux/arm64")
    said = shared_shop.refused(*words, context).splitlines()
    assert len(said) == 2
    assert said[0].endswith("has no image 'none'")
    assert said[1] == "hint: it has: docker.io/library/busybox:latest"


def test_a_base_that_is_nowhere_says_where_it_was_sought(shared_shop: Workshop) -> None:
    context = shared_shop.context("FROM 127.0.0.1:1/nobody/none:1\n", "nobody")
    said = shared_shop.refused(context)
    assert "nobody/Dockerfile:1: 127.0.0.1:1/nobody/none:1 is not in the local store" in said
    assert "cannot connect to 127.0.0.1:1: Connection refused" in said
    done = shared_shop.run("run", "127.0.0.1:1/nobody/none:1")
    assert done.returncode == 1
    assert "127.0.0.1:1/nobody/none:1 is not in the local store" in done.stderr
    assert "cannot connect to 127.0.0.1:1: Connection refused" in done.stderr


@pytest.mark.parametrize("tag", ["Upper", "a:b:c", "a//b", "name:", "name:-1", "a b", "über", ""])
def test_a_tag_that_is_no_reference(shared_shop: Workshop, tag: str) -> None:
    said = shared_shop.refused("-t", tag, shared_shop.context(GOOD), status=2)
    assert said.startswith(f"ERROR: invalid image name {tag!r}: ")
    assert "hint: write " in said


def test_wrong_usage(shared_shop: Workshop) -> None:
    context = str(shared_shop.context(GOOD))
    for words, message in (
        (("--push", context), "ERROR: --push needs a name\nhint: add -t HOST/NAME:TAG\n"),
        (("--frobnicate", context), "No such option '--frobnicate'"),
        ((), "Missing argument 'CONTEXT'"),
        (("--progress", "loud", context), "'loud' is not one of"),
        (
            ("-o", "type=foo,dest=x", context),
            "unknown type 'foo'\nhint: the types are oci, docker,",
        ),
        (("-o", "type=local", context), "a local output needs a folder\nhint: add dest=FOLDER\n"),
        (("--build-context", "x", context), "--build-context 'x' is not NAME=VALUE\nhint: "),
        (("--platform", "x86", "--platform", "", context), "ERROR: "),
        (("ftp://example.org/x",), "is of an unknown kind, ftp://\nhint: a source that is fetched"),
        (("--build-context", "X=y", context), "X=…: a context is named as an image is\nhint: "),
        (("--build-context", "x::linux/arm64=y", context), "a context is named as an image is"),
        (("--build-context", "x=target:y", context), "targets are those of a bake or compose file"),
        (("--build-context", "x=ftp://y", context), "unknown kind of source ftp://\nhint: "),
    ):
        assert message in shared_shop.refused(*words, status=2)
    done = shared_shop.run("bild")
    assert done.returncode == 2
    assert "No such command 'bild'" in done.stderr
    done = shared_shop.run("build", context, environment={"SOURCE_DATE_EPOCH": "yesterday"})
    assert done.returncode == 1
    assert "invalid SOURCE_DATE_EPOCH: yesterday" in done.stderr


def test_an_output_that_cannot_be_written_is_told_before_the_build(shared_shop: Workshop) -> None:
    context = shared_shop.context("FROM busybox\nRUN echo for the output\n", "outputs")
    for flag in (
        ("-o", "type=oci,dest=no/such/folder.tar"),
        ("-o", "type=tar,dest=no/such/folder.tar"),
        ("-o", "type=local,dest=/proc/no/such/folder"),
        ("-o", "type=oci,tar=false,dest=/etc/passwd/no/such"),
        ("--iidfile", "no/such/iid"),
        ("--metadata-file", "no/such/metadata"),
    ):
        words = shared_shop.build_words("--progress", "rawjson", *flag, context)
        done = shared_shop.run(*words)
        assert done.returncode == 1
        assert labels(read_events(done), "step-started") == []
        assert "no/such" in done.stderr
        assert "Traceback" not in done.stderr


def test_a_failed_run_shows_status_lines_step_and_platform(shared_shop: Workshop) -> None:
    script = "for i in $(seq 100); do echo line $i; done; exit 7"
    shared_shop.context(f"FROM busybox AS one\nFROM one\nRUN {script}\n", "failing")
    said = shared_shop.refused("--platform", "linux/s390x", "-t", "failing", "failing").splitlines()
    assert said[0] == f"ERROR: [linux/s390x stage-1 1/1] RUN {script}: exit status 7"
    assert said[-5:] == [
        "  | line 100",
        "failing/Dockerfile:3",
        "   1 |     FROM busybox AS one",
        "   2 |     FROM one",
        f"   3 | >>> RUN {script}",
    ]
    assert "failing" not in shared_shop.ok("images").stdout


def test_a_program_that_is_not_there(shared_shop: Workshop) -> None:
    context = shared_shop.context('FROM busybox\nRUN ["/no/such", "program"]\n', "program")
    said = shared_shop.refused(context)
    assert "/no/such: not found in the image" in said
    assert "hint: check the spelling and PATH" in said


def test_a_registry_that_cannot_be_reached(shared_shop: Workshop) -> None:
    context = shared_shop.context("FROM busybox\nRUN echo unreachable\n", "unreachable")
    for host, cause in (
        ("127.0.0.1:1", "Connection refused"),
        ("no-such-host.invalid", "Name or service not known|failure in name resolution"),
    ):
        words = ("--progress", "rawjson", "--push", "-t", f"{host}/x", context)
        done = shared_shop.run(*shared_shop.build_words(*words))
        assert done.returncode == 1
        assert labels(read_events(done), "step-started") == []
        assert re.search(f"^ERROR: .*{host}.*({cause})$", done.stderr, re.MULTILINE)
        assert done.stderr.splitlines()[-1].startswith("hint: ")


def test_a_refused_login_is_told_before_any_step_runs(shop: Workshop, tmp_path: Path) -> None:
    context = shop.context("FROM busybox\nRUN echo login\n")
    with serve_registry(tmp_path, users={"builder": "right"}) as registry:
        name = f"{registry.host}/login/app"
        words = ("--progress", "rawjson", "--push", "-t", name, context)
        for password in ("", "wrong"):
            login(shop, registry.host, password)
            done = shop.run(*shop.build_words(*words))
            assert done.returncode == 1
            assert labels(read_events(done), "step-started") == []
            said = [line for line in done.stderr.splitlines() if not line.startswith("{")]
            assert said[0].startswith("ERROR: ")
            assert registry.host in said[0]
            assert "login" in said[-1]
            assert len(said) <= 3
            assert "right" not in done.stderr
            assert list(registry.storage.glob("**/app/*")) == []
        login(shop, registry.host, "right")
        shop.build("--push", "-t", name, context)
        assert list(registry.storage.glob("**/app/_manifests/tags/latest")) != []
        assert registry.unfinished_uploads("login/app") == []


def login(shop: Workshop, host: str, password: str) -> None:
    """What `docker login` leaves; nothing for an empty password."""
    value = base64.b64encode(f"builder:{password}".encode()).decode()
    auths = {host: {"auth": value}} if password else {}
    shop.write(".docker/config.json", json.dumps({"auths": auths}))


def test_a_full_disk(shop: Workshop) -> None:
    context = shop.context("FROM busybox\nRUN dd if=/dev/zero of=/large bs=1M count=20\n", "run")
    shop.context("FROM busybox\nCOPY large /large\n", "copy")
    (shop.folder / "copy" / "large").write_bytes(os.urandom(20 << 20))
    shop.store_path.mkdir(mode=0o777)
    shop.store_path.chmod(0o777)
    for name in (context, "copy"):
        words = shop.build_words("--progress", "quiet", "-t", "full", name)
        done = in_small_store(shop, "8m", *words)
        assert done.returncode == 1, done.stderr
        assert "No space left on device" in done.stderr
        assert "Traceback" not in done.stderr
        assert "full " not in done.stdout
    words = shop.build_words("--progress", "quiet", "-t", "full", "copy")
    done = in_small_store(shop, "100k", *words)
    assert done.returncode == 1, done.stderr
    assert re.search(r"^ERROR: .*/store is full: \d+ bytes free$", done.stderr, re.MULTILINE)
    assert "or choose another with --store" in done.stderr


def in_small_store(shop: Workshop, size: str, *words: str | Path) -> Done:
    """Run a command, then list the images, with a small store that is gone afterwards."""
    script = (
        f'mount -t tmpfs -o size={size},mode=0777 small {shop.store_path} || exit 9\n"$@"\n'
        f"status=$?\n{shlex.join(trimaran_program())} images 2>&1\nexit $status"
    )
    enter = ["unshare", "--user", "--map-root-user", "--map-auto", "--mount"]
    return shop.run_by([*enter, "sh", "-c", script, "sh"], *words)


def test_no_subordinate_ids(shop: Workshop) -> None:
    context = shop.context(GOOD)
    # No account is made for this, since that needs root: the kernel hides the files of ranges.
    hidden = ["strace", "-f", "-o", "/dev/null", "-P", "/etc/subuid", "-P", "/etc/subgid"]
    words = shop.build_words("--progress", "quiet", context)
    done = shop.run_by([*hidden, "-e", "inject=openat:error=ENOENT"], *words)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    assert lines[0].startswith(f"ERROR: user {ordinary_user().pw_name} has no subordinate ")
    assert lines[1].startswith("hint: sudo usermod --add-subuids ")
    assert len(lines) == 2
