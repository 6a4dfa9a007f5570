"""perl."""

from __future__ import annotations

from trimaran.accelerator import perl
from trimaran.accelerator.table.rule import Rule

PERL: tuple[Rule, ...] = (
    Rule(
        "scripts",
        ("perl-base",),
        ("/bin/perl",),
        "the language is the same on every CPU; packages' own scripts that load no other module",
        fields=perl.CONDITIONS,
        numbers=("zPERL_HASH_SEED",),  # by which the order of its hashes is not a chance any more
        options=(perl.OPTIONS,),
        language="perl",
    ),
)
