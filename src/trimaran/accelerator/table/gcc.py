"""gcc and binutils."""

from __future__ import annotations

from trimaran.accelerator.table.rule import Rule

_BINUTILS = """
addr2line as c++filt dwp elfedit gprof objcopy objdump readelf size strings strip"""
_LIBEXEC = "/{libexec}/gcc/{triplet}/{gcc}"
_CROSS = "/usr/{libexec}/gcc-cross/{triplet}/{gcc}"
_GCC = ("gcc-{gcc}-{triplet}", "gcc-{gcc}")
_NO_PREFIX = (
    *("zGCC_EXEC_PREFIX", "n-iprefix", "m-fplugin", "n-frecord-gcc-switches", "n-v"),
    *("m--output-pch", "n-Winvalid-pch"),  # a compiled header is an image of its own compiler
)
_STREAMED = ("m-flto", "m-fdump")
"""Written as numbers of the compiler's own CPU, or in an order that they make."""
_LTO = "it reads and writes programs as numbers of its own CPU"
_OFFLOADS = ("m-fopenmp", "m-fopenacc", "m-foffload=", "m-foffload-abi")
_PREFIX = ("a-iprefix", "a/usr/lib/gcc/{triplet}/{gcc}/")
_BACKENDS = (
    *("m/usr/lib/llvm", "mLLVMgold", "m@"),  # a plug-in of another compiler, or unseen
    *("m--help", "n--verbose", "n-verbose", "n-i", "n--info", "n-h"),  # forms of files and folders
)
_DRIVER = (
    "zGCC_EXEC_PREFIX",
    *("m-fopenmp", "m-fopenacc", "m-foffload"),  # the cross compiler was built without
    *("n-l", "n-lgfortran"),
    *("m-march=native", "m-mcpu=native", "m-mtune=native"),
    *("m@", "m-fplugin", "m-specs", "m--specs", "m--sysroot"),
    *("n-v", "n--verbose", "n-###", "n-dumpspecs", "m--dump", "m-print-", "m--print"),
    *("m--help", "m--target-help", "n-no-canonical-prefixes"),
)
_FOLDERS = tuple((f"/usr/{one}/gcc-cross/", f"/usr/{one}/gcc/") for one in ("libexec", "lib"))
CROSS: tuple[Rule, ...] = (
    Rule(
        "cross",
        ("cpp-{gcc}-{triplet}", "cpp-{gcc}"),
        (f"{_LIBEXEC}/cc1",),
        "the same source, which computes nothing by the CPU that it runs on",
        stand_in=f"{_CROSS}/cc1",
        numbers=_STREAMED,
        converts=True,
        fields=(*_NO_PREFIX, *_OFFLOADS, *_PREFIX),
    ),
    Rule(
        "cross",
        ("g++-{gcc}-{triplet}", "g++-{gcc}"),
        (f"{_LIBEXEC}/cc1plus",),
        "as cc1; the C++ library's folders come behind those of the caller, which -E shows",
        stand_in=f"{_CROSS}/cc1plus",
        numbers=_STREAMED,
        converts=True,
        fields=(
            *_NO_PREFIX,
            *_OFFLOADS,
            *("n-nostdinc", "n-nostdinc++", "n-E", "zCPLUS_INCLUDE_PATH"),
            *_PREFIX,
        ),
        behind=(
            "a-isystem",
            "a/usr/include/c++/{gcc}",
            "a-isystem",
            "a/usr/include/{multiarch}/c++/{gcc}",
            "a-isystem",
            "a/usr/include/c++/{gcc}/backward",
        ),
    ),
    Rule(
        "cross",
        _GCC,
        (f"{_LIBEXEC}/lto1",),
        "as cc1",
        stand_in=f"{_CROSS}/lto1",
        byte_order=_LTO,
        width=_LTO,
        fields=(*_NO_PREFIX, *_OFFLOADS),
    ),
    Rule(
        "cross",
        _GCC,
        (f"{_LIBEXEC}/collect2",),
        "it computes nothing, and starts the linker; a copy that looks for it by its plain name",
        stand_in=f"{_CROSS}/collect2",
        unprefixed=True,
    ),
    Rule(
        "cross",
        _GCC,
        (f"{_LIBEXEC}/lto-wrapper",),
        "it starts the driver that it is told of, with options of the objects",
        stand_in=f"{_CROSS}/lto-wrapper",
        byte_order=_LTO,
        fields=("m-foffload",),
    ),
    *(
        Rule(
            "cross",
            (f"{name}-{{gcc}}-{{triplet}}", f"{name}-{{gcc}}"),
            (f"/bin/{{triplet}}-{name}-{{gcc}}",),
            "of the same source; a copy that looks for its parts where a native compiler has them",
            fields=_DRIVER,
            texts=_FOLDERS,
            specs=(("cross_compile", "0"), ("sysroot_spec", "")),
            offloading="c++" if name == "g++" else "c",
        )
        for name in ("gcc", "cpp", "g++")
    ),
    Rule(
        "cross",
        _GCC,
        tuple(f"/bin/{{triplet}}-gcc-{name}-{{gcc}}" for name in ("ar", "nm", "ranlib")),
        "it starts that program of binutils with gcc's plug-in, which it finds as a driver does",
        fields=("zGCC_EXEC_PREFIX",),
        texts=_FOLDERS,
        unprefixed=True,
    ),
    Rule(
        "cross",
        ("binutils-{triplet}",),
        tuple(f"/bin/{{triplet}}-{name}" for name in _BINUTILS.split()),
        "the same package on every CPU; gcc's plug-in is replaced by the cross package's",
        fields=_BACKENDS,
        plugin="named",
    ),
    Rule(
        "cross",
        ("binutils-{triplet}",),
        ("/bin/{triplet}-ld.bfd",),
        "as the others; the order of symbols is that of sums that may need more than 32 bits",
        fields=_BACKENDS,
        plugin="named",
        calls="ld",
    ),
    Rule(
        "cross",
        ("binutils-{triplet}",),
        ("/bin/{triplet}-ld.gold",),
        "as the others",
        width="the order of its strings is that of sums of the width of a pointer",
        fields=_BACKENDS,
        plugin="named",
    ),
    Rule(
        "cross",
        ("binutils-{triplet}",),
        tuple(f"/bin/{{triplet}}-{name}" for name in ("ar", "nm", "ranlib")),
        "as the others; told of the plug-in that it would find beside itself",
        fields=_BACKENDS,
        plugin="found",
    ),
)
