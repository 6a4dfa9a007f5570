"""clang, lld and LLVM's tools for object files. One build of LLVM knows every CPU."""

from __future__ import annotations

from trimaran.accelerator.table.rule import Rule

_FOLDER = "/lib/llvm-{llvm}/bin"
_TOOLS = """
llvm-ar llvm-cxxfilt llvm-nm llvm-objcopy llvm-objdump llvm-readobj llvm-size llvm-strings"""
_HOSTS_CPU = ("m-march=native", "m-mcpu=native", "m-mtune=native", "m--offload")
_RECORDED = (
    *("m-frecord-command-line", "m-grecord-command-line", "m-frecord-gcc-switches"),
    *("m-grecord-gcc-switches", "m-fembed-bitcode", "m-fproc-stat-report"),
)
_LOADED = ("m-fplugin", "m-fpass-plugin", "m-load", "m-add-plugin")
_ELSEWHERE = ("m@", "m--config", "zCCC_OVERRIDE_OPTIONS")
_PARTS = ("n-cc1", "n-cc1as", "n-cc1gen-reproducer")
_SHOWN = ("n-v", "n--verbose", "n-version")  # the default target
_TELLS = ("n--version", "n-version", "n-V", "m@")
LLVM: tuple[Rule, ...] = (
    Rule(
        "told",
        ("clang-{llvm}",),
        (f"{_FOLDER}/clang",),
        "it compiles for the triple that it is told, as the emulated one does for its own",
        fields=(
            *(*_HOSTS_CPU, *_RECORDED, *_LOADED, *_ELSEWHERE, *_PARTS, *_SHOWN),
            "a--target=aarch64-unknown-linux-gnu",
        ),
        preload=True,
        targets=("aarch64-linux-gnu",),
    ),
    Rule(
        "told",
        ("lld-{llvm}",),
        (f"{_FOLDER}/lld",),
        "it links for the machine that its objects are for",
        fields=("m--load-pass-plugin", "m-mllvm", "m-plugin-opt", "m--plugin-opt", "m@"),
        preload=True,
    ),
    Rule(
        "told",
        ("llvm-{llvm}",),
        tuple(f"{_FOLDER}/{name}" for name in _TOOLS.split()),
        "they go by what the files are for; --version tells the host's CPU",
        fields=_TELLS,
        preload=True,
    ),
)
