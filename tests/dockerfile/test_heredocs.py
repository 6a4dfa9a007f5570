from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trimaran.dockerfile import instructions as df
from trimaran.dockerfile.parse import parse, parse_trigger
from trimaran.dockerfile.words import Expander

LINE = st.text(st.sampled_from("ab $\\`'\"#<\t{}[]\r"), max_size=12)
BODY = st.lists(LINE.filter(lambda line: line.strip("\t\r") not in ("A", "B")), max_size=5).map(
    lambda lines: "".join(f"{line}\n" for line in lines)
)


def _stage(text: str) -> df.Stage:
    return parse(f"FROM a\n{text}", "D").stages[0]


@given(BODY, BODY, st.sampled_from(("", "-")), st.sampled_from(("A", "'A'", '"A"')))
def test_a_text_is_what_stands_between_its_lines(
    first: str, second: str, chomp: str, name: str
) -> None:
    copy, run = _stage(
        f"COPY <<{chomp}{name} x <<B /c\n{first}A\n{second}B\nRUN cat <<A\n{second}A\n"
    ).instructions
    assert isinstance(copy, df.Copy)
    assert isinstance(run, df.Run)
    assert copy.sources == ("x",)
    assert [(doc.name, doc.text, doc.expand) for doc in copy.contents] == [
        ("A", first, name == "A"),
        ("B", second, True),
    ]
    chomped = "".join(line.lstrip("\t") for line in first.splitlines(keepends=True))
    assert copy.contents[0].chomped() == (chomped if chomp else first) or "\r" in first
    assert [doc.text for doc in run.heredocs] == [second]


@given(BODY, st.sampled_from(("RUN <<A", "RUN cat <<-A >x", "COPY <<'A' /x", "ADD <<A b /x/")))
def test_a_trigger_is_the_same_instruction(body: str, line: str) -> None:
    written = _stage(f"{line}\n{body}A\n").instructions[0]
    on_build = _stage(f"ONBUILD {line}\n{body}A\n").instructions[0]
    assert isinstance(on_build, df.OnBuild)
    read = parse_trigger(on_build.trigger, written.line)
    if isinstance(written, df.Copy):
        assert isinstance(read, df.Copy)
        assert (read.contents, read.sources) == (written.contents, written.sources)
    else:
        assert isinstance(written, df.Run)
        assert isinstance(read, df.Run)
        assert (read.heredocs, read.arguments) == (written.heredocs, written.arguments)


@given(st.text(st.sampled_from("ab'\" \n\\"), max_size=20))
def test_a_text_without_variables_loses_its_backslashes_alone(text: str) -> None:
    expand = Expander("`", {}, parse("FROM a\n", "D").stages[0].line)
    kept, escaped = "", False
    for char in text:
        if char == "\\" and not escaped:
            escaped = True
        else:
            kept, escaped = kept + char, False
    assert expand.text(text) == kept


@given(
    st.sampled_from(("", "set")) | st.none(),
    st.sampled_from((":-", "-", ":+", "+")),
    st.text(st.sampled_from("xy."), max_size=3),
)
def test_defaults_are_as_their_plain_model(value: str | None, operator: str, word: str) -> None:
    expand = Expander("\\", {} if value is None else {"V": value}, _stage("").line)
    counts = value is not None and (operator in ("-", "+") or value != "")
    expected = (value if counts else word) if "-" in operator else (word if counts else "")
    assert expand.word(f"${{V{operator}{word}}}") == expected
    assert expand.word(f'"${{V{operator}${{W:-{word}}}}}"') == expected


@given(
    st.text(st.sampled_from("ab/"), max_size=8),
    st.text(st.sampled_from("ab*?"), min_size=1, max_size=3),
    st.sampled_from(("#", "##", "%", "%%")),
)
def test_trimming_is_as_its_plain_model(value: str, pattern: str, operator: str) -> None:
    expand = Expander("\\", {"V": value}, _stage("").line)
    ends = operator[0] == "%"
    parts = [value[len(value) - cut :] if ends else value[:cut] for cut in range(len(value) + 1)]
    found = [part for part in parts if _fits(part, pattern)]
    part = (found[-1] if len(operator) > 1 else found[0]) if found else ""
    expected = value[: len(value) - len(part)] if ends else value[len(part) :]
    assert expand.word(f"${{V{operator}{pattern}}}") == expected


def _fits(text: str, pattern: str) -> bool:
    if not pattern:
        return not text
    if pattern[0] == "*":
        return any(_fits(text[cut:], pattern[1:]) for cut in range(len(text) + 1))
    return bool(text) and pattern[0] in ("?", text[0]) and _fits(text[1:], pattern[1:])
