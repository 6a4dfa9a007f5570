from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.forms import KEYWORDS
from trimaran.dockerfile.parse import parse, parse_trigger
from trimaran.errors import DockerfileError


def parse_one(text: str) -> df.Instruction:
    (instruction,) = parse(f"FROM a\n{text}\n", "Dockerfile").stages[0].instructions
    return instruction


def test_stages_and_global_arguments() -> None:
    text = "ARG A=1 B\nFROM --platform=$P a AS One\nRUN x\nFROM b as two\nfrom c\n"
    dockerfile = parse(text, "Dockerfile")
    assert [arg.variables for arg in dockerfile.arguments] == [(("A", "1"), ("B", None))]
    stages = dockerfile.stages
    assert [(s.index, s.name, s.base, s.platform) for s in stages] == [
        (0, "one", "a", "$P"),
        (1, "two", "b", ""),
        (2, "", "c", ""),
    ]
    assert [stage.title for stage in stages] == ["one", "two", "stage-2"]
    assert [len(stage.instructions) for stage in stages] == [1, 0, 0]


def test_lines_and_text() -> None:
    dockerfile = parse("\n# c\nFROM a\nRUN x \\\n  # c\n  y\n", "D")
    run = dockerfile.stages[0].instructions[0]
    assert (run.line.lines, run.line.text) == ((4, 6), "RUN x   y")
    assert run.line.source.path == "D"


def test_the_text_is_kept_out_of_representations() -> None:
    assert "secret" not in repr(parse("FROM a\n# secret\n", "D"))


def test_flags_of_copy() -> None:
    copy = parse_one("COPY --from=x --chown=1:2 --chmod=0644 a b /c")
    assert isinstance(copy, df.Copy)
    assert (copy.sources, copy.destination) == (("a", "b"), "/c")
    assert (copy.origin, copy.owner, copy.mode, copy.is_add) == ("x", "1:2", "0644", False)


def test_flags_end_at_the_first_word() -> None:
    copy = parse_one("COPY --chown=1 a --from=b")
    assert isinstance(copy, df.Copy)
    assert (copy.sources, copy.destination, copy.origin) == (("a",), "--from=b", "")


def test_json_that_is_none_is_a_shell_line() -> None:
    run = parse_one("RUN ['single', 'quotes']")
    assert isinstance(run, df.Run)
    assert run.shell
    assert run.arguments == ("['single', 'quotes']",)


def test_half_a_surrogate_pair_is_replaced() -> None:
    cmd = parse_one(r'CMD ["\ud800x"]')
    assert isinstance(cmd, df.Cmd)
    assert cmd.arguments == ("\ufffdx",)


@pytest.mark.parametrize(
    "name",
    [
        "docker/dockerfile",
        "docker/dockerfile:1",
        "docker.io/docker/dockerfile:1.7-labs",
        "docker/dockerfile-upstream:master",
        "docker/dockerfile@sha256:" + "0" * 64,
        "mirror.example:5000/hub/docker/dockerfile:1",
    ],
)
def test_our_frontends(name: str) -> None:
    assert parse(f"#syntax={name}\nFROM a\n", "D").stages


def test_a_directive_below_other_lines_is_a_comment() -> None:
    assert parse("\n# syntax=other/frontend\nFROM a\n", "D").stages
    assert parse("FROM a\n# syntax=other/frontend\n", "D").stages


def test_a_trigger_is_placed_at_the_from_that_runs_it() -> None:
    line = parse("FROM a\n", "D").stages[0].line
    run = parse_trigger("RUN x", line)
    assert isinstance(run, df.Run)
    assert run.line.lines == (1, 1)
    for trigger in ("", "RUN a\nRUN b", "# c", "XX", "FROM a", "RUN <<E"):
        with pytest.raises(DockerfileError, match="trigger") as caught:
            parse_trigger(trigger, line)
        assert caught.value.lines == (1, 1)


def test_deep_json_is_no_crash() -> None:
    with pytest.raises(DockerfileError):
        parse("FROM a\nRUN " + "[" * 100_000, "D")


WORD = st.sampled_from(
    (
        *KEYWORDS,
        *("FROM a", "AS", "--from=x", "--chown", "--mount=a", "a", "$A", "${A:-b}", "A=1", "<<E"),
        *('["a", "b"]', "[", '"', "'", "\\", "`", "E", "#", "# escape=`", "NONE", "CMD", "=", "é"),
        *("\n", "\n", "\n", " ", "\t", "\r\n", "80", "80-81/udp", "--interval=3s", "\0"),
    )
)


@given(st.lists(WORD, max_size=25).map(" ".join) | st.text(max_size=60))
def test_any_text_is_a_dockerfile_or_a_fault(text: str) -> None:
    fault: DockerfileError | None = None
    try:
        assert parse(text, "D").stages
    except DockerfileError as error:
        fault = error
    first, last = fault.lines if fault else (0, 0)
    assert 0 <= first <= last <= text.count("\n") + 1
