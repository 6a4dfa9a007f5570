"""Go's tools: of the distribution's package, and of a release in /usr/local/go.

Every Go compiler is one for all CPUs, and Go's builds do not depend on the machine that does them
(go.dev/blog/rebuild). What a tool compiles for is in its environment, where `go` puts it; without
that, it would be the CPU that the tool was built for, and the default of GOARM and the like is
whatever was found when it was built (internal/buildcfg). `go` itself tells the machine.
"""

from __future__ import annotations

from trimaran.accelerator.table.rule import Kind, Rule, inside

_ROOTS = ("/lib/go-{go}", "/local/go")
_PACKAGES = ("golang-{go}-go", "go")
_TOLD = "asm cgo compile cover fix link preprofile vet"
_NEUTRAL = "addr2line buildid covdata nm objdump pack test2json"
_TARGET = ("qGOARCH={goarch}", "h{goarch_variable}")
_BENCHMARK = ("m-bench", "m--bench")
# Each tool counts its runs in the user's folder, in files that have the name of its CPU; tools that
# cannot make the folder do without.
_UNCOUNTED = ("eTEST_TELEMETRY_DIR=/dev/null/none",)


def _tools(kind: Kind, root: str, names: str, why: str, fields: tuple[str, ...] = ()) -> Rule:
    return Rule(
        kind,
        _PACKAGES,
        inside(f"{root}/pkg/tool/linux_{{goarch}}", names),
        why,
        stand_in=f"/usr{root}/pkg/tool/linux_{{host_goarch}}/{{name}}",
        fields=(*fields, *_UNCOUNTED),
    )


GOLANG: tuple[Rule, ...] = tuple(
    rule
    for root in _ROOTS
    for rule in (
        _tools(
            "told",
            root,
            _TOLD,
            "compiles for any CPU, and is told which; benchmarks name its own",
            (*_TARGET, *_BENCHMARK),
        ),
        _tools("neutral", root, _NEUTRAL, "reads files of any CPU"),
        Rule(
            "neutral",
            _PACKAGES,
            (f"{root}/bin/gofmt",),
            "writes Go as it should look",
            stand_in=f"/usr{root}/bin/gofmt",
            fields=_UNCOUNTED,
        ),
    )
)
