from __future__ import annotations

from trimaran.events import BuildDone, ImageBuilt
from trimaran.ui import tables


def test_columns_are_aligned_and_no_line_ends_in_spaces() -> None:
    text = tables.plain_table(("NAME", "SIZE"), [("a", "1"), ("longer", "")], right_aligned=(1,))
    assert text == "NAME    SIZE\na          1\nlonger\n"


def test_a_table_without_rows_is_its_titles() -> None:
    assert tables.plain_table(("NAME", "SIZE"), []) == "NAME  SIZE\n"


def test_no_images_give_no_table() -> None:
    assert not tables.image_table([])


def test_image_table_says_platform_digest_size_and_time() -> None:
    text = tables.image_table([ImageBuilt("linux/s390x", "sha256:ab", 2_000_000, 1.5)])
    assert text.splitlines()[1].split() == ["linux/s390x", "sha256:ab", "2.0", "MB", "1.5s"]


def test_closing_line_without_names() -> None:
    assert tables.closing_line(BuildDone("sha256:ab", (), 2.0)) == "built sha256:ab in 2.0s"
