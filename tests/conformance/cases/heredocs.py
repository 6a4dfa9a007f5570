"""Heredocs of RUN, COPY and ADD."""

from __future__ import annotations

from tests.conformance.case import Case, text

CASES = (
    Case("heredoc-copy", "FROM scratch\nCOPY <<EOF /x\nhello\n  world\nEOF\n"),
    Case(
        "heredoc-copy-two",
        "FROM scratch\nCOPY <<one.txt <<two.txt a.txt /x/\n1\none.txt\n2\ntwo.txt\n",
    ),
    Case("heredoc-copy-name", "FROM scratch\nCOPY <<EOF /x/\nhello\nEOF\n"),
    Case(
        "heredoc-expands",
        "FROM scratch\nARG a=1\nENV b='x y'\nCOPY <<EOF /x\n$a ${b} ${c:-no} \\$a \"q\" 'r' \\\\ \\n\nEOF\n",
    ),
    Case(
        "heredoc-quoted",
        'FROM scratch\nARG a=1\nCOPY <<\'EOF\' /x\n$a \\$a "q" \\\nEOF\nCOPY <<"E" /y\n$a\nE\n',
    ),
    Case("heredoc-tabs", "FROM scratch\nCOPY <<-EOF /x\n\t\tone\n\t two\n  three\n\tEOF\n"),
    Case("heredoc-flags", "FROM scratch\nCOPY --chmod=755 --chown=4:5 <<EOF /d/x\nhi\nEOF\n"),
    Case("heredoc-empty", "FROM scratch\nCOPY <<EOF /x\nEOF\n"),
    Case("heredoc-add", "FROM scratch\nADD <<EOF /x\nhi\nEOF\n"),
    Case("heredoc-link", "FROM busybox\nCOPY --link <<EOF /etc/x\nhi\nEOF\n"),
    Case("heredoc-variable-name", "FROM scratch\nARG d=/n\nCOPY <<EOF $d/x\n$d\nEOF\n"),
    Case("heredoc-run", "FROM busybox\nRUN <<EOF\necho one > /x\nfalse\necho two >> /x\nEOF\n"),
    Case("heredoc-run-fails", "FROM busybox\nRUN <<EOF\nset -e\nfalse\ntrue\nEOF\n", fails=True),
    Case(
        "heredoc-run-shebang",
        "FROM busybox\nRUN <<EOF\n#!/bin/sh\necho $0 | wc -c > /x\nls /dev/pipes 2>&1 | head -1 > /y\nEOF\n",
    ),
    Case("heredoc-run-redirect", "FROM busybox\nRUN cat <<EOF > /x\nhello $HOME\nEOF\n"),
    Case(
        "heredoc-run-two",
        "FROM busybox\nRUN cat <<A <<B > /x && cat /etc/group > /y\nof a\nA\nof b\nB\n",
    ),
    Case("heredoc-run-fd", "FROM busybox\nRUN 3<<EOF cat <&3 > /x\nof three\nEOF\n"),
    Case("heredoc-run-interpreter", "FROM busybox\nRUN <<EOF /bin/sh -ex\necho shown > /x\nEOF\n"),
    Case(
        "heredoc-run-quoted",
        "FROM busybox\nENV v=outer\nRUN <<'EOF'\nv=inner\necho $v > /x\nEOF\nRUN <<EOF\nv=inner\necho $v > /y\nEOF\n",
    ),
    Case("heredoc-run-tabs", "FROM busybox\nRUN <<-EOF\n\techo '\ta' > /x\n\tEOF\n"),
    Case(
        "heredoc-run-user",
        "FROM busybox\nUSER worker\nWORKDIR /tmp/w\nRUN <<EOF\nid > x\npwd >> x\nEOF\n",
    ),
    Case(
        "heredoc-run-shell",
        'FROM busybox\nSHELL ["/bin/sh", "-x", "-c"]\nRUN <<EOF\necho a > /x\nEOF\n',
    ),
    Case(
        "heredoc-run-mount",
        "FROM busybox\nRUN --mount=type=bind,target=/c <<EOF\ncp /c/a.txt /x\nEOF\n",
    ),
    Case(
        "heredoc-comment",
        "FROM scratch\n# <<EOF\nCOPY <<EOF /x\n# kept\n\n  \nlast \\\nEOF\nCOPY a.txt /\n",
    ),
    Case("heredoc-crlf", "FROM scratch\r\nCOPY <<EOF /x\r\none\r\ntwo\r\nEOF\r\nCOPY a.txt /\r\n"),
    Case("heredoc-onbuild", "FROM busybox AS base\nONBUILD COPY <<EOF /x\nlater\nEOF\nFROM base\n"),
    Case("heredoc-no-end", "FROM scratch\nCOPY <<EOF /x\nhello\n", fails=True),
    Case(
        "heredoc-ignored",
        "FROM scratch\nCOPY <<a.txt b.txt /x/\nmine\na.txt\n",
        {".dockerignore": text("a.txt\n")},
    ),
)
