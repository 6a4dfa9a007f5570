"""Lines, comments, escapes, white space, parser directives."""

from __future__ import annotations

from tests.conformance.case import Case

CASES = (
    Case(
        "lower-case", 'from scratch as x\ncopy a.txt /\nenv a=1\nlabel b=2\ncmd ["c"]\n', fast=True
    ),
    Case(
        "mixed-case",
        "From scratch As x\nCopy a.txt /\nEnv a=1\nOnBuild Run x\nHealthCheck Cmd y\n",
        fast=True,
    ),
    Case("crlf", "FROM scratch\r\nENV a=1 \\\r\n b=2\r\n# c\r\nCOPY a.txt /\r\n", fast=True),
    Case("bom", "\ufeffFROM scratch\nCOPY a.txt /\n", fast=True),
    Case("no-end", "FROM scratch\nCOPY a.txt /", fast=True),
    Case("blank-lines", "\n\n  \n FROM scratch\n\n\t COPY a.txt /\n\n", fast=True),
    Case("tabs", "FROM\tscratch\nCOPY\ta.txt\t/\nENV\ta=1\tb=2\nLABEL  c=3\t\n", fast=True),
    Case(
        "comments",
        "# one\nFROM scratch\n  # two\nCOPY a.txt / \n# three \\\nCOPY b.txt /\n",
        fast=True,
    ),
    Case(
        "comment-in-continuation",
        "FROM scratch\nCOPY empty /\nENV a=1 \\\n# no\n  # neither\n b=2 \\\n\n c=3\n",
        fast=True,
    ),
    Case("comment-at-end", "FROM scratch\nENV a=1 # b=2\n", fails=True),
    Case(
        "hash-in-word",
        "FROM scratch\nCOPY empty /\nENV a=x#y b='#z'\nCMD echo # shown\n",
        fast=True,
    ),
    Case("continuations", "FROM scratch\nCOPY empty /\nENV \\\n a=1 \\  \n b=2\\\n3\n", fast=True),
    Case("double-backslash", "FROM scratch\nCOPY empty /\nENV a=x\\\\\nENV b=2\n"),
    Case("continuation-at-end", "FROM scratch\nCOPY empty /\nENV a=1 \\\n", fast=True),
    Case(
        "escape-backtick",
        "# escape=`\nFROM scratch\nENV a=C:\\x b=`$a `\n c=2\nCOPY a.txt /\n",
        fast=True,
    ),
    Case(
        "escape-backtick-words",
        '# escape=`\nFROM scratch\nCOPY empty /\nENV a=1\nENV b=x` y c="`"" d=\'`\' e=\\\\z f=\\$a\n',
    ),
    Case(
        "directive-syntax",
        "# syntax=docker/dockerfile:1\nFROM scratch\nCOPY a.txt /\n",
        same_as="FROM scratch\nCOPY a.txt /\n",
        source="no frontend can be fetched here; :1 is the engine's own",
    ),
    Case("directive-check", "# check=skip=all\nFROM scratch\nCOPY a.txt /\n", fast=True),
    Case(
        "directive-late",
        "# a comment\n# escape=`\nFROM scratch\nCOPY empty /\nENV a=1 \\\n b=2\n",
        fast=True,
    ),
    Case("directive-twice", "# escape=`\n# escape=\\\nFROM scratch\n", fails=True),
    Case("directive-spaces", "#   escape  =  `\nFROM scratch\nCOPY empty /\nENV a=1 `\n b=2\n"),
    Case(
        "directive-unknown", "# what=ever\n# escape=`\nFROM scratch\nENV a=1 `\n b=2\n", fails=True
    ),
    Case("directive-bad-escape", "# escape=x\nFROM scratch\n", fails=True),
    Case("shebang", "#!/usr/bin/env x\nFROM scratch\nCOPY a.txt /\n"),
    Case("unknown-instruction", "FROM scratch\nCOPPY a.txt /\n", fails=True, fast=True),
    Case("unknown-flag", "FROM scratch\nCOPY --what=1 a.txt /\n", fails=True, fast=True),
    Case("flag-twice", "FROM scratch\nCOPY --chown=1 --chown=2 a.txt /\n", fails=True),
    Case("empty", "", fails=True, fast=True),
    Case("only-comments", "# nothing\n", fails=True, fast=True),
    Case("json-one-line", 'FROM scratch\nCOPY empty /\nCMD ["a", \\\n  "b"]\n', fast=True),
    Case(
        "json-escapes", 'FROM scratch\nCOPY empty /\nCMD ["a\\tb", "\\u00e9", "\\\\"]\n', fast=True
    ),
    Case("json-numbers", "FROM scratch\nCMD [1, 2]\n", fails=True, fast=True),
    Case("json-trailing", 'FROM scratch\nCOPY empty /\nCMD ["a"] b\n', fast=True),
    Case("long-line", f"FROM scratch\nCOPY empty /\nENV a={'x' * 60000}\n"),
    Case("unicode", 'FROM scratch\nENV ä=ö\nLABEL é="ü ñ"\nCOPY a.txt /日本\n'),
    Case("copy-one-word", "FROM scratch\nCOPY a.txt\n", fails=True, fast=True),
    Case("quote-open", 'FROM scratch\nENV a="x\n', fails=True),
)
