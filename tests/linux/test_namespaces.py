from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from tests.support.snippets import USERS, run_snippet

from trimaran.errors import HostError
from trimaran.linux import namespaces

users = pytest.mark.parametrize("user", USERS)


def test_this_process_did_not_enter() -> None:
    assert not namespaces.entered()


def test_gather_knows_this_user() -> None:
    facts = namespaces.gather()
    assert facts.uid == os.geteuid()
    assert os.path.isabs(facts.executable)
    assert not facts.no_new_privs


@pytest.mark.real
@users
def test_enter_makes_root_with_all_ids(user: str, tmp_path: Path) -> None:
    found = run_snippet(
        """
        import os
        from pathlib import Path
        from trimaran.linux import namespaces
        os.chdir("/usr")
        before = os.readlink("/proc/self/ns/user"), os.readlink("/proc/self/ns/mnt")
        namespaces.enter()
        namespaces.enter()  # the second time nothing happens
        after = os.readlink("/proc/self/ns/user"), os.readlink("/proc/self/ns/mnt")
        rows = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
        shared = [line for line in open("/proc/self/mountinfo") if " shared:" in line]
        answer({
            "ids": [*os.getresuid(), *os.getresgid()],
            "groups": os.getgroups(),
            "changed": [one != other for one, other in zip(before, after)],
            "folder": os.getcwd(),
            "count": sum(int(row[2]) for row in rows),
            "shared": len(shared),
            "entered": namespaces.entered(),
            "owner": os.stat("/proc/self/fd").st_uid,
            "children": len(Path("/proc/self/task").joinpath(str(os.getpid()), "children")
                .read_text().split()),
        })
        """,
        user,
    )
    assert found["ids"] == [0] * 6
    assert found["groups"] == []
    assert found["changed"] == [True, True]
    assert found["folder"] == "/usr"
    assert found["count"] > 65536
    assert found["shared"] == 0
    assert found["entered"] is True
    assert found["owner"] == 0
    assert found["children"] == 0


@pytest.mark.real
@users
def test_owners_are_real_inside(user: str) -> None:
    found = run_snippet(
        """
        import os, tempfile
        from pathlib import Path
        from trimaran.linux import mounts, namespaces, process
        namespaces.enter()
        folder = Path(tempfile.mkdtemp())
        with mounts.mounted(mounts.Tmpfs(folder)):
            (folder / "file").write_text("")
            os.chown(folder / "file", 1234, 5678)
            status = process.run(["stat", "-c", "%u:%g", folder / "file"])
        os.rmdir(folder)
        answer(status.stdout.decode().strip())
        """,
        user,
    )
    assert found == "1234:5678"


@pytest.mark.real
@users
def test_mounts_do_not_reach_the_host(user: str) -> None:
    before = Path("/proc/self/mountinfo").read_text()
    found = run_snippet(
        """
        from pathlib import Path
        from trimaran.linux import mounts, namespaces
        namespaces.enter()
        mounts.Tmpfs(Path("/mnt")).execute()
        answer(Path("/proc/self/mountinfo").read_text().count(" /mnt "))
        """,
        user,
    )
    assert found == 1
    assert Path("/proc/self/mountinfo").read_text() == before


@pytest.mark.real
def test_enter_refuses_a_process_with_threads_and_changes_nothing() -> None:
    found = run_snippet(
        """
        import os, threading
        from trimaran.linux import namespaces
        done = threading.Event()
        thread = threading.Thread(target=done.wait)
        thread.start()
        before = os.readlink("/proc/self/ns/user")
        try:
            namespaces.enter()
        except RuntimeError as error:
            answer([str(error), os.readlink("/proc/self/ns/user") == before])
        done.set()
        thread.join()
        """
    )
    assert found == ["namespaces must be entered before the first thread starts", True]


REFUSED = """
        import os, resource
        from trimaran.errors import HostError
        from trimaran.linux import namespaces
        def state():
            return [os.getresuid(), os.getresgid(), os.getgroups(), os.getcwd(),
                os.readlink("/proc/self/ns/user"), os.readlink("/proc/self/ns/mnt")]
        before = state()
        try:
            namespaces.enter()
        except HostError as error:
            answer([error.message, error.hint, state() == before, namespaces.entered()])
        """


@pytest.mark.real
def test_a_failing_newuidmap_leaves_the_process_as_it_was() -> None:
    found = run_snippet(
        """
        from msgspec.structs import replace
        from trimaran.linux import namespaces, subids
        real = namespaces.gather
        wrong = (subids.Range(2_000_000_000, 7),)
        namespaces.gather = lambda: replace(real(), subuids=wrong)
        """
        + REFUSED,
        "ordinary",
    )
    message, hint, same, entered = found
    assert "newuidmap could not map the ids: newuidmap: uid range" in message
    assert "/etc/subuid" in hint
    assert same
    assert not entered


@pytest.mark.real
def test_no_namespaces_left_is_told_with_its_cure() -> None:
    """A namespace has a limit of its own: the machine's is no test's to change."""
    found = run_snippet(
        """
        from pathlib import Path
        from trimaran.linux import namespaces
        namespaces.enter()
        namespaces._entered.clear()
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        import os
        os.setresuid(1, 1, 1)  # root would get mounts all the same
        """
        + REFUSED,
        "ordinary",
    )
    assert found == [
        "user namespaces are switched off: user.max_user_namespaces is 0",
        "sudo sysctl -w user.max_user_namespaces=15000",
        True,
        False,
    ]


@pytest.mark.real
@users
def test_enter_works_within_a_namespace_as_in_a_container(user: str) -> None:
    found = run_snippet(
        """
        import os
        from pathlib import Path
        from trimaran.linux import namespaces
        namespaces.enter()
        namespaces._entered.clear()
        outer = os.readlink("/proc/self/ns/user")
        namespaces.enter()
        rows = [line.split() for line in Path("/proc/self/uid_map").read_text().splitlines()]
        answer([os.readlink("/proc/self/ns/user") != outer, all(row[0] == row[1] for row in rows)])
        """,
        user,
    )
    assert found == [True, True]


@pytest.mark.real
def test_no_new_privs_is_seen_before_anything_happens() -> None:
    found = run_snippet(
        """
        import ctypes
        ctypes.CDLL(None).prctl(38, 1, 0, 0, 0)
        """
        + REFUSED,
        "ordinary",
    )
    assert found[0] == "no_new_privs is set on this process, so newuidmap has no power"
    assert found[2:] == [True, False]


@pytest.mark.real
def test_su_starts_a_process_that_can_enter() -> None:
    """Under su the login's environment is another user's; only ids may matter."""
    found = run_snippet(
        """
        import os
        os.environ.update(USER="nobody", LOGNAME="nobody", HOME="/nonexistent")
        from trimaran.linux import namespaces
        namespaces.enter()
        answer(os.getuid())
        """,
        "ordinary",
    )
    assert found == 0


def test_a_working_folder_that_is_gone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    with pytest.raises(HostError, match="working directory does not exist"):
        namespaces._working_folder()


@pytest.mark.parametrize(("path", "powerful"), [("/bin/sh", False), ("", True)])
def test_a_program_without_rights_is_seen(path: str, powerful: bool) -> None:
    assert namespaces._powerful(path) is powerful


@pytest.mark.real
def test_the_holder_ends_with_its_parent() -> None:
    holder = Path(namespaces.__file__).with_name("holder.py")
    done = subprocess.run(
        ["python3", "-I", "-S", holder], stdin=subprocess.DEVNULL, capture_output=True, check=True
    )
    assert done.stdout == b"ready 0"


@pytest.mark.real
def test_root_that_is_refused_user_namespaces_gets_mounts_and_the_present_handlers() -> None:
    found = run_snippet(
        """
        import os, subprocess
        from pathlib import Path
        from trimaran import platforms
        from trimaran.emulation.prepare import prepare
        from trimaran.linux import namespaces
        namespaces.enter()
        arm64 = platforms.parse("arm64")
        prepare([arm64], os.environ["PATH"])
        # From here on this namespace's root is refused further ones, as by an administrator.
        Path("/proc/sys/user/max_user_namespaces").write_text("0")
        child = '''
        import os
        from trimaran import platforms
        from trimaran.emulation.prepare import prepare
        from trimaran.linux import namespaces
        before = os.readlink("/proc/self/ns/user"), os.readlink("/proc/self/ns/mnt")
        namespaces.enter()
        after = os.readlink("/proc/self/ns/user"), os.readlink("/proc/self/ns/mnt")
        arm64 = platforms.parse("arm64")
        support = prepare([arm64], "/nowhere")[arm64]
        print(before[0] == after[0], before[1] != after[1], namespaces.owns_users(), support)
        '''
        import sys, textwrap
        done = subprocess.run([sys.executable, "-c", textwrap.dedent(child)],
            capture_output=True, text=True, check=False)
        answer(done.stdout + done.stderr)
        """
    )
    assert found.startswith("True True False Emulated(")
    assert found.rstrip().endswith("private=False)")  # the table is another's: nothing is added
