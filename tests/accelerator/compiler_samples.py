"""More of `samples`: compilers, and what builds programs with them."""

from __future__ import annotations

_SOURCES = r"""
printf '%s\n' '#include <stdio.h>' '#include <stdlib.h>' '#include <string.h>' '#include <math.h>' \
 '#include <stdatomic.h>' 'struct p { int x; double y; long double z; };' 'static _Atomic int n;' \
 'static int cmp(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }' \
 'int f(int x) { int v[] = {3, x, 2}; qsort(v, 3, sizeof *v, cmp); n++; return v[0] * 7 % 5; }' \
 'double g(double x) { struct p q = {1, x, 0.1L}; return sin(x) * q.x + 1e-300 * 0.1 + (double)q.z; }' \
 '#ifdef MAIN' 'int main(int c, char **v) {' \
 'printf("%d %.17g %zu\n", f(c), g(c), strlen(v[0]) * 0 + sizeof(long)); return 0; }' '#endif' > a.c
printf '%s\n' '#include <cstdlib>' '#include <cstdio>' '#include <string>' '#include <vector>' \
 'template <class T> struct Box { T v; ~Box() { v = T(); } };' \
 'int twice(int x) try { std::vector<int> v{3, 1, x}; Box<std::string> b{std::to_string(x)};' \
 'return std::abs(v.at(2)) * 2 + (int)b.v.size(); } catch (const std::exception &e) {' \
 'std::fputs(e.what(), stderr); throw; }' \
 '#ifdef MAIN' 'int main() { std::printf("%d", twice(4)); }' '#endif' > b.cc
"""

COMPILERS = {
    "cc1": _SOURCES
    + r"""
for o in -O0 '-O2 -g' '-O3 -flto -frandom-seed=1' '-Os -fPIC -ffast-math' '-O2 -g3 -fstack-protector-strong' -O1; do
gcc $o -Wall -Wextra -c a.c -o "a$(echo $o | tr -d ' =')".o; done; gcc -E a.c -o a.i
gcc -S -fverbose-asm a.c; gcc -MMD -MF a.d -c a.c; gcc -M a.c > m; gcc -dM -E - < /dev/null > macros
echo '#include <x.h>' | gcc -c -x c -; gcc -I. -isystem /usr/include/linux -E a.c > i2
echo 'int main(){ retrun 0; }' | gcc -x c -fdiagnostics-color=always -
gcc -v -c a.c 2>&1 | grep -v '/tmp/cc'; C_INCLUDE_PATH=/w gcc -c a.c -o cip.o
gcc -std=c90 -pedantic -c a.c -o c90.o; gcc -pipe -c a.c -o pipe.o; gcc -Wp,-MD,wp.d -c a.c
gcc -x assembler-with-cpp -c /dev/null -o cpp.o; gcc -fdump-tree-optimized -c a.c
gcc -nostdinc -E a.c | tail -2; gcc -frecord-gcc-switches -c a.c -o rec.o
printf '#include_next <limits.h>\nLONG_MAX' | gcc -E - | tail -1
gcc -mcpu=native -c a.c -o nat.o; gcc -Q --help=target | md5sum
printf 'char s[] = "\344";' > l.c; gcc -finput-charset=ISO-8859-1 -c l.c; gcc -fexec-charset=CP1252 -c l.c -o l2.o
echo '#define X 1' > h.h; gcc -x c-header h.h; echo 'int x = X;' > p.c; gcc -include h.h -Winvalid-pch -H -c p.c; rm h.h.gch
""",
    "cc1plus": _SOURCES
    + r"""
for o in -O0 '-O2 -g' '-O2 -flto -frandom-seed=1'; do
g++ -std=c++17 $o -Wall -c b.cc -o "b$(echo $o | tr -d ' =+')".o; done; g++ -std=c++17 -E b.cc -o b.ii
g++ -std=c++17 -MMD -MF b.d -c b.cc -o b.o; g++ -std=c++17 -M b.cc > m
echo 'int x = "a";' | g++ -x c++ -c -; g++ -std=c++17 -nostdinc++ -E b.cc | tail -1
CPLUS_INCLUDE_PATH=/w g++ -std=c++17 -E b.cc | md5sum; CPATH=/w g++ -std=c++17 -E b.cc | md5sum
g++ -std=c++17 -isystem /usr/include/linux -idirafter /w -E b.cc | md5sum
g++ -std=c++17 -isystem /usr/include/c++/14 -E b.cc | md5sum
g++ -std=c++17 -v -E b.cc 2>&1 | grep '^ /'; printf '#include_next <cstdlib>\n' | g++ -x c++ -E - | md5sum
g++ -std=c++17 -S -fverbose-asm b.cc; g++ -std=c++98 -ansi -c b.cc; g++ -x c++-header -E /dev/null
printf '#include <stdlib.h>\n#include <cmath>\nint x = std::abs(-1);' | g++ -O2 -x c++ -c - -o h.o
""",
    "lto1": _SOURCES
    + r"""
gcc -O2 -flto -frandom-seed=1 -DMAIN a.c -o l -lm; gcc -O2 -flto -frandom-seed=1 -flto -frandom-seed=1-partition=none -DMAIN a.c -o l2 -lm; ./l; ./l2
gcc -O2 -flto -frandom-seed=1 -ffat-lto-objects -c a.c -o f.o; gcc -flto -frandom-seed=1 -r f.o -o r.o
""",
    "as": _SOURCES
    + r"""
gcc -O2 -DMAIN a.c -o x -lm; ./x; g++ -std=c++17 -DMAIN b.cc -o y; ./y
gcc -shared -fPIC a.c -o liba.so -lm -Wl,-soname,liba.so.1 ; gcc -static -DMAIN a.c -o s -lm
./s; gcc -g -c a.c; objdump -dr a.o; objdump -h x; readelf -aW x; readelf --debug-dump=info a.o
nm x; nm -D liba.so; size x; strings -a x; addr2line -e a.o 0 4; strip -o x.s x; strip -g -o a.g a.o
objcopy -O binary -j .text a.o a.bin; objcopy --only-keep-debug y y.dbg; echo _Z5twicei | c++filt
objcopy --add-gnu-debuglink=y.dbg y; elfedit --output-osabi linux x.s; objdump -i; as --version
printf '.text\n.globl q\nq: .long 1, q - .\n.ascii "x"\n' | as -al -o q.o -; ld -r q.o a.o -o qa.o
ld --verbose; ld -v; ld --help; ld nothing.o; as /nowhere; gprof -v; dwp --version; ld -shared -o e.so a.o
gcc -Wl,--gc-sections,-z,now,--build-id=sha1 -pie -DMAIN a.c -o pie -lm
gcc -fuse-ld=bfd -DMAIN a.c -o bfd -lm; gcc -fuse-ld=gold -DMAIN a.c -o gold -lm 2>&1 | sed 's/cc[A-Za-z0-9]*[.]o//'
gcc -DMAIN a.c 2>&1 | sed 's/cc[A-Za-z0-9]*[.]o//'
strip --strip-unneeded liba.so; objdump -T liba.so; echo 'bad insn' | as -o z.o -
""",
    "ar": _SOURCES
    + r"""
gcc -c a.c; gcc -O2 -flto -frandom-seed=1 -c a.c -o l.o; ar rcs x.a a.o; ar t x.a; ar p x.a a.o | md5sum; ar q x.a l.o
ranlib x.a; ar -s x.a; nm -s x.a; nm l.o; nm -gC a.o; ar rcsT thin.a a.o; ar d x.a l.o; gcc-ar rcs g.a l.o
gcc-nm l.o; gcc-ranlib g.a; ar x x.a; ar --version; ar -M < /dev/null; ar 2>&1 | sed 's/ trad-core//'; nm /nowhere; nm --help
""",
    "cpp": _SOURCES
    + r"""
cpp a.c | md5sum; cpp -dM /dev/null; cpp -P -DX=1 a.c o.i; cpp -M a.c; cpp --version; cpp /nowhere; cpp -E -Wp,-DY a.c | md5sum
""",
    "gcc": _SOURCES
    + r"""
printf '%s\n' '#!/bin/sh' '{ echo "$@"; env | grep -E "^(COLL|COMP|LIBR|GCC|LC_|CPATH)" | sort; } | sed "s,/[a-z]*/cc[A-Za-z0-9]*,TMP,g" >> /w/log' \
 'exec "$@"' > show; chmod +x show; w='-wrapper /w/show'
for o in '' -O2 '-g -fPIC' '-flto -frandom-seed=1' -pipe '-std=c99 -pedantic' -save-temps -S '-MMD -MF x.d' '-static' '-shared -fPIC' \
 '-static-pie' '-no-pie' '-nostdlib -r' '-fuse-ld=bfd' '-Wl,-z,now -pie' '-x c++' '-m64' '-mcpu=cortex-a72' '-fsanitize=undefined' '-B/w' \
 '-L/w -I/w -isystem /w -Xlinker --gc-sections' '-E -dM' '-fprofile-arcs' '-pg' '-nostartfiles' '-fstack-protector-all'
do gcc $w $o -DMAIN -Dsin=fabs a.c -o out; echo "$o" $? >> log; [ -f out ] && md5sum out >> log; rm -f out; done
gcc $w -g -DMAIN a.c -lm -o o0; LIBRARY_PATH=/w:/nowhere gcc $w -DMAIN -Dsin=fabs a.c -o o1; COMPILER_PATH=/w gcc $w -DMAIN -Dsin=fabs a.c -o o2; COMPILER_PATH=/w gcc -c a.c
CPATH=/w gcc $w -E a.c > /dev/null; LANG=C gcc $w -c a.c -o l.o; TMPDIR=/w gcc $w -c a.c -o t.o; DEPENDENCIES_OUTPUT=/w/deps gcc -c a.c
gcc --version; gcc -dumpmachine; gcc -dumpversion; gcc -dumpfullversion; gcc; gcc -c nothing.c; gcc -O9x a.c; gcc --nothing a.c
gcc -no-canonical-prefixes -c a.c; gcc -print-file-name=crt1.o; gcc -print-prog-name=ld; gcc -print-search-dirs; gcc -print-multiarch; gcc -print-sysroot; gcc --help
gcc -v 2>&1; gcc -### -c a.c 2>&1 | grep -v /tmp/cc; gcc -dumpspecs | md5sum; echo '-c a.c -o at.o' > args; gcc @args
gcc -fopenmp -c a.c -o omp.o; gcc -mcpu=native -c a.c -o n.o; ln -s /usr/bin/gcc cc; ./cc $w -c a.c -o cc.o; /w/../w/cc $w -c a.c
printf '#!/bin/sh\nexec /usr/bin/ld "$@"\n' > ld; chmod +x ld; PATH=/w:$PATH gcc -DMAIN -Dsin=fabs a.c -o o3; gcc $w -B/w -DMAIN -Dsin=fabs a.c -o o4
echo 'int main( {' | gcc -x c -; echo 'void nothing(void); int main(void) { nothing(); }' > u.c; gcc u.c 2>&1 | sed 's,/[a-z]*/cc[A-Za-z0-9]*,TMP,g'
ln -s /usr/bin/aarch64-linux-gnu-gcc-14 my-gcc; ./my-gcc $w -c a.c -o my.o; rm -f a.gcno
sh -c 'exec -a odd /usr/bin/gcc -c a.c -o odd.o'; cat log
""",
}

BUILDERS = {
    "cmake": r"""
printf '%s\n' 'cmake_minimum_required(VERSION 3.16)' 'project(x LANGUAGES NONE)' 'find_program(SH sh)' \
 'cmake_host_system_information(RESULT R QUERY OS_NAME OS_PLATFORM)' 'include(GNUInstallDirs)' \
 'message(STATUS "${R} ${CMAKE_HOST_SYSTEM} ${CMAKE_HOST_SYSTEM_PROCESSOR} ${CMAKE_COMMAND} ${CMAKE_ROOT}")' \
 'file(READ_SYMLINK /proc/self/exe E)' 'message(STATUS "${E} ${CMAKE_CTEST_COMMAND} ${SH}")' \
 'string(SHA256 H abc)' 'math(EXPR M "1 << 40")' 'configure_file(c.in c)' 'enable_testing()' \
 'add_test(NAME t COMMAND sh -c "exit 0")' 'install(FILES c.in DESTINATION share)' \
 'set(CPACK_GENERATOR TGZ)' 'include(CPack)' > CMakeLists.txt
echo '@CMAKE_HOST_SYSTEM_PROCESSOR@ @H@ @M@ @CPACK_SYSTEM_NAME@' > c.in
cmake -G Ninja -S . -B b | sed 's/([0-9.]*s)//'; cmake --build b; DESTDIR=/w/d cmake --install b
(cd b; ctest | sed 's/[0-9.]* sec//g'; cpack | tail -1; rm -rf Testing .ninja_* _CPack* *.tar.gz)
cmake --version; cmake -E capabilities; cmake -E sha1sum c.in; cmake -P /nowhere; cmake -G nothing -B q
cmake --help-module-list | md5sum; cpack --version; ctest --version; cmake -E environment | grep ^PATH
""",
    "ctest": r"""
echo 'add_test(a sh -c "exit 0")' > CTestTestfile.cmake; echo 'add_test(b uname -m)' >> CTestTestfile.cmake
ctest -V | sed 's/[0-9.]* sec//g'; ctest -N; ctest -R b -j2 -O o | tail -1 | sed 's/[0-9.]* sec//'
ctest --version; ctest -D Experimental; ctest --print-labels; rm -rf Testing o
""",
    "pkgconf": r"""
t=$(dirname /usr/lib/*-linux-gnu*/libc.so.6); t=${t##*/}; pkg-config --variable pc_path pkg-config
pkg-config --list-all; pkg-config --cflags --libs --static zlib expat; pkg-config --modversion zlib
pkg-config --keep-system-libs --keep-system-cflags --libs --cflags zlib; pkg-config --exists nothing
echo $?; pkg-config --print-errors nothing; $t-pkg-config --libs zlib; pkg-config --version
pkg-config --print-variables --print-requires zlib; pkg-config --variable libdir zlib
printf 'prefix=/usr\nlibdir=${prefix}/lib/%s\nName: a\nDescription: a\nVersion: 2.1\n' $t > a.pc
printf 'Requires: zlib >= 1\nLibs: -L${libdir} -la\nCflags: -I${prefix}/include -Db="c d"\n' >> a.pc
PKG_CONFIG_PATH=/w pkg-config --libs --cflags a; PKG_CONFIG_LIBDIR=/w pkg-config --list-all
PKG_CONFIG_PATH=. pkgconf --define-prefix --libs a; PKG_CONFIG_PATH=. pkgconf --dump-personality
pkgconf --validate /w/a.pc; PKG_CONFIG_SYSROOT_DIR=/s pkgconf --libs zlib; pkgconf 'zlib > 9'
pkgconf --path zlib; pkgconf --digraph zlib; pkgconf --simulate zlib; pkgconf --about | head -1
""",
}

PROJECTS = {
    "cmake-project": r"""
printf '%s\n' 'cmake_minimum_required(VERSION 3.16)' 'project(demo VERSION 1.2 LANGUAGES C CXX)' \
 'foreach(m CheckSymbolExists CheckTypeSize TestBigEndian CheckIncludeFile CheckCSourceRuns)' \
 'include(${m})' 'endforeach()' 'set(CMAKE_EXPORT_COMPILE_COMMANDS ON)' 'include(GNUInstallDirs)' \
 'check_symbol_exists(memfd_create "sys/mman.h" HAVE_MEMFD)' 'check_type_size("long double" LD)' \
 'check_type_size(long LONG)' 'test_big_endian(BE)' 'check_include_file(stdint.h HAVE_STDINT)' \
 'check_c_source_runs("int main(){return 0;}" RUNS)' 'find_package(Threads REQUIRED)' \
 'find_library(M m)' 'find_path(Z zlib.h)' 'find_package(ZLIB)' 'find_package(PkgConfig)' \
 'configure_file(c.h.in c.h)' 'add_library(one SHARED one.c)' 'add_executable(two two.cc)' \
 'target_link_libraries(two one Threads::Threads m)' \
 'target_include_directories(two PRIVATE ${CMAKE_CURRENT_BINARY_DIR})' \
 'install(TARGETS one two EXPORT d)' 'install(EXPORT d DESTINATION lib/cmake/d)' \
 'export(TARGETS one two FILE e.cmake)' 'enable_testing()' 'add_test(NAME t COMMAND two)' \
 'message(STATUS "${CMAKE_SYSTEM_PROCESSOR} ${CMAKE_LIBRARY_ARCHITECTURE} ${LONG} ${BE}")' > CMakeLists.txt
printf '%s\n' '#cmakedefine HAVE_MEMFD 1' '#define LD @LD@' '#define P "@CMAKE_SYSTEM_PROCESSOR@"' > c.h.in
echo 'int one(void) { return 1; }' > one.c
printf '%s\n' '#include <cstdio>' '#include "c.h"' 'extern "C" int one(void);' \
 'int main() { std::printf("%d %s\n", one() + LD, P); }' > two.cc
for g in Ninja 'Unix Makefiles'; do
cmake -G "$g" -S . -B "b$g" -DCMAKE_BUILD_TYPE=Release | sed 's/([0-9.]*s)//'; cmake --build "b$g" -- -j1
DESTDIR=/w/d cmake --install "b$g" --prefix /usr; (cd "b$g"; ctest | sed 's/[0-9.]* sec//g'; ./two)
rm -rf "b$g/Testing" "b$g"/.ninja_*
done; readelf -d d/usr/bin/two
find . -name CMakeConfigureLog.yaml -exec sed -i -E 's/(cmTC_|TryCompile-|\/cc)[A-Za-z0-9]+/\1/g' {} +
""",
}

CLANG = {
    "clang": _SOURCES
    + r"""
for o in -O0 '-O1 -fPIC' '-O2 -g' '-O3 -ffast-math' '-Os -flto' '-O2 -flto=thin' '-Oz -g3 -gdwarf-4' \
 '-O2 -fstack-protector-strong -D_FORTIFY_SOURCE=2' '-O1 -fsanitize=address,undefined' '-fprofile-instr-generate'; do
clang $o -Wall -Wextra -c a.c -o "a$(echo $o | tr -d ' =,')".o; done; clang -E a.c -o a.i
clang -c a.i -o ai.o; clang -S -emit-llvm a.c; clang -O2 -S a.c; clang -c a.s -o as.o; clang -dM -E - < /dev/null
clang -MMD -MF a.d -c a.c; echo 'int main(){ retrun 0; }' | clang -x c -c - -fdiagnostics-color=always
clang -### -c a.c; clang -v -c a.c; clang -print-target-triple; clang -dumpmachine; clang --version
clang -print-search-dirs; clang -print-resource-dir; clang -print-libgcc-file-name; clang -dumpversion
clang -print-multi-lib; clang -march=armv8.2-a+sve -O3 -c a.c -o sve.o; clang -mcpu=native -c a.c -o nat.o
clang --target=x86_64-linux-gnu -ffreestanding -c -x c /dev/null -o x86.o; echo -O1 > rsp; clang @rsp -c a.c -o rsp.o
clang -mcpu=neoverse-n1 -O2 -c a.c -o n1.o; clang a.o -r -o r.o; clang nothing.c; clang; clang --nothing
printf 'int q(int x) { asm("add %w0, %w0, 1" : "+r"(x)); return x; }' | clang -O2 -x c -c - -o asm.o
clang -x c-header a.c -o a.pch; clang -include-pch a.pch -c -x c /dev/null -o pch.o; rm -f a.pch
clang -cc1 -emit-obj -x c /dev/null -o cc1.o; clang -fsyntax-only -Weverything a.c; clang -grecord-command-line -c a.c -o gr.o
""",
    "lld": _SOURCES
    + r"""
for o in -O0 '-O2 -g' '-O2 -flto'; do clang $o -DMAIN -c a.c -o m.o; clang $o -fuse-ld=lld m.o -lm -o "m$(echo $o | tr -d ' ')"
./m*; done; clang++ -std=c++17 -O2 -DMAIN -c b.cc; clang++ -fuse-ld=lld b.o -o b; ./b
clang++ -std=c++17 -g -c b.cc -o bg.o; clang++ -std=c++20 -O2 -c b.cc -o b20.o; clang++ b.o -o bfd
clang++ -E -std=c++17 b.cc | md5sum; clang++ '-###' -c b.cc; clang -fuse-ld=lld -shared -fPIC a.c -o liba.so -lm
ld.lld --version; ld.lld -v; ld.lld; ld.lld nothing.o; ld.lld -r m.o bg.o -o r.o; ld.lld --help | md5sum
clang -fuse-ld=lld -static m.o -lm -o s; ./s; ld.lld -m aarch64linux -shared --build-id -o e.so
""",
    "llvm-ar": _SOURCES
    + r"""
clang -g -c a.c; clang -O2 -flto -c a.c -o l.o; llvm-ar rcs x.a a.o l.o; llvm-ar t x.a; llvm-ranlib x.a; llvm-nm -s x.a
llvm-nm a.o l.o; llvm-objdump -dr a.o; llvm-readelf -aW a.o; llvm-readobj -S a.o; llvm-size a.o; llvm-strings a.o
llvm-strip -g a.o -o s.o; llvm-objcopy -O binary -j .text a.o a.bin; echo _Z5twicei | llvm-cxxfilt; llvm-ar --version
llvm-ar rcsT thin.a a.o; llvm-ar rcs empty.a; llvm-objdump -h nothing; llvm-objcopy --only-keep-debug a.o a.dbg; llvm-nm -D a.o
""",
}
