"""More of `samples`: what gcc starts when it links, and what it tells that."""

from __future__ import annotations

_SHOW = r"""
printf '%s\n' '#!/bin/sh' '{ echo "$@"; env | grep -E "^(COLL|COMP|LIBR|GCC|OFFL|LC_|CPATH|MAKE)" | sort' \
 'for a; do case $a in @*) cat ${a#@};; esac; done; } | sed "s,/[a-z]*/cc[A-Za-z0-9]*,TMP,g" >> /w/log' \
 'exec "$@"' > show; chmod +x show; w='-wrapper /w/show'
"""

LINKING = {
    "g++": _SHOW
    + r"""
echo 'int main(void) { return 0; }' > a.c; echo 'struct A { int x; A(); ~A(); }; A::A() : x(1) {} A::~A() {} static A a; int main() { try { if (a.x == 7) throw 1; } catch (int) { return 1; } return 0; }' > b.cc
echo 'extern "C" double sin(double); double f(double x) { return sin(x); }' > c.cpp; echo 'int h;' > h.h; echo 'int one = 1;' > 1.c
n=0
t() { n=$((n+1)); "$@" -o out$n > err$n 2>&1; echo "$* = $?" >> log; sed -i 's,/[a-z]*/cc[A-Za-z0-9]*,TMP,g' err$n; }
t gcc $w a.c -lm; t gcc $w -g a.c -lm; t gcc $w -g -c a.c -lm; t gcc $w -g a.c -lm -lm -O1; t gcc $w -lm a.c -lpthread -static; t gcc $w -Xlinker -lm a.c; t gcc $w -lm -Xlinker --gc-sections a.c
t g++ $w b.cc; t g++ $w -g b.cc; t g++ $w b.cc -lm -O2; t g++ $w -g -lm b.cc -O1; t g++ $w -c -g b.cc -lm; t g++ $w -c b.cc; t g++ $w b.cc -lm -O1 -lm; t g++ $w -static b.cc c.cpp; t g++ $w -static-libstdc++ -static-libgcc b.cc
t g++ $w -shared -fPIC c.cpp -g; t g++ $w -nostdlib -r b.cc; t g++ $w h.h; rm out$n; t g++ $w -x c++ h.h -c; t g++ $w -x c a.c; t g++ $w 1.c a.c -g; t g++ $w -S -g c.cpp; t g++ $w -E c.cpp; t g++ $w -nodefaultlibs b.cc -lm; t g++ $w b.cc -pg; t g++ $w -fsyntax-only b.cc
t g++ $w -stdlib=libc++ c.cpp; t g++ $w --compile b.cc; t g++ $w b.cc -pthread -Wl,-z,now -lstdc++; t g++; t g++ $w nothing.o; t g++ $w; t g++ $w -flto -frandom-seed=1 b.cc -g; t g++ $w @nothing; t c++ $w -g c.cpp b.cc; t g++ $w -Xlinker -r c.cpp; t g++ $w -nostdlib++ a.c; t g++ $w -fuse-ld=gold b.cc; t g++ $w -fcontracts c.cpp b.cc
t g++ $w 'b.cc' -L. -l m; t gcc $w a.c -lstdc++ -lm; t gcc $w b.cc -lstdc++ -g -lm; t gcc $w a.c -lgfortran; t gcc $w -foffload=disable a.c -lm; t gcc $w -foffload-options=-lm a.c
unset n; rm -f *.gcno; for f in log out*; do [ -f $f ] && md5sum $f; done; cat log; tail -n 3 err*
""",
    "collect2": r"""
printf '%s\n' '#include <stdio.h>' '#include <math.h>' 'static int n; __attribute__((constructor)) static void up(void) { n = 3; }' \
 '__attribute__((destructor)) static void down(void) { puts("down"); }' 'double f(double x) { return sin(x) * n; }' \
 'static int unused(void) { return 1; } int dead(void) { return unused(); }' \
 'int main(int c, char **v) { printf("%.17g %d\n", f(c), c); return 0; }' > a.c; cp a.c 'a "b" c$d'\''.c'
o() { n=$1; shift; "$@" -o "$n" 2> err; echo "$n $?"; sed 's,/tmp/cc[A-Za-z0-9]*,TMP,g' err; [ -f "$n" ] && readelf -Wnd "$n" | tail -4; }
gcc -O1 -ffunction-sections -c a.c; for l in '' -static -shared -pie -no-pie -static-pie -Wl,--gc-sections -Wl,--build-id=md5 -Wl,--build-id=none -fuse-ld=bfd -fuse-ld=gold -fuse-ld=lld -Wl,-z,relro,-z,now -s -r -nostartfiles \
 -Wl,-Map=map -Wl,--as-needed -rdynamic -Wl,-rpath,/x -nostdlib -Wl,--wrap=sin -Wl,--fatal-warnings -Wl,--hash-style=gnu -Wl,-O1 -Wl,--trace -Wl,--version -Wl,--nothing -save-temps -Wl,-plugin-opt=x -fno-lto -Wl,-debug; do o "out$l" gcc a.o $l -lm; done
gcc -g -c 'a "b" c$d'\''.c' -o 'q'\''.o'; o q gcc 'q'\''.o' -lm; o 'a "q" c$e' gcc a.o -lm; echo '-o args a.o -Wl,--gc-sections -lm' > args.txt; gcc @args.txt; echo $?; mkdir 'd "e" f'; gcc -c a.c -o 'd "e" f/g h.o'; o g gcc 'd "e" f/g h.o' -L'd "e" f' -lm
echo 'void nothing(void); int main(void) { nothing(); return sqrt2(1); }' > u.c; o u gcc -w u.c; o u gcc -w u.c -Wl,--warn-unresolved-symbols; o u gcc a.o -lnothing; o u gcc a.o nothing.o; o u gcc a.o a.o; o /nowhere/u gcc a.o -lm; echo junk > junk.o; o u gcc junk.o; o u gcc -Wl,-T,junk.o a.o
printf '#!/bin/sh\necho own ld >> /w/own\nexec /usr/bin/ld "$@"\n' > ld; for n in real-ld collect-ld ld.gold gnm nm strip gstrip; do cp ld $n; done; chmod +x ld; o p1 env PATH=/w:$PATH gcc a.o -lm; cat own; rm own; o p2 gcc -B/w a.o -lm; cat own; o p3 gcc -B. -fuse-ld=gold a.o -lm; o p4 env COMPILER_PATH=/w gcc a.o -lm
chmod +x ld.gold; o p5 env PATH=/w:$PATH gcc -fuse-ld=gold a.o -lm; chmod +x real-ld; o p6 env COMPILER_PATH=/w gcc a.o -lm; cat own; o p7 env LIBRARY_PATH=/w:/usr/lib gcc a.o -lm; o p8 env GCC_EXEC_PREFIX=/usr/lib/gcc/ gcc a.o -lm; o p9 env PATH=/nowhere /usr/bin/gcc a.o -lm; o p10 env COLLECT_NO_DEMANGLE=1 gcc a.o -lm; o p11 env LD_LIBRARY_PATH=/w gcc a.o -lm; o p12 env LD_RUN_PATH=/w gcc a.o -lm
gcc -dumpspecs | sed 's/--as-needed/--no-as-needed/' > specs; o s1 gcc -specs=specs a.o -lm; o s2 gcc -B/w/ a.o -lm; c=$(gcc -print-prog-name=collect2); $c; echo $?; $c --version | tail -1; $c -v 2>&1 | head -3; $c --help | head -4; $c -o x nothing.o; echo $?; $c -plugin; echo $?; COLLECT_GCC_OPTIONS="'-v" $c a.o; echo '-o c2 -r a.o' > cargs; $c @cargs; echo $?; $c -debug -r a.o -o dbg 2>&1 | sed 's,/tmp/cc[A-Za-z0-9.]*,TMP,g'
echo 'int f(void); int main(void) { return f(); }' > m.c; echo 'int f(void) { return 4; }' > f.c; gcc -c -flto -frandom-seed=1 m.c f.c; o l1 gcc -flto m.o f.o; o l2 gcc -flto -fno-use-linker-plugin m.o f.o; o l3 gcc -flto -flto-partition=none m.o f.o; o l4 gcc -O2 m.o f.o; o l5 gcc -flto=2 -O2 -g m.o f.o; o l6 gcc -flto -fuse-linker-plugin -r m.o f.o -flinker-output=nolto-rel; rm f.o; o l7 gcc -flto m.o; o l8 gcc -flto=jobserver -Wl,-save-temps m.o f.c; ./l5; echo $?
cat own 2>&1; rm -f map out*map *.gcno; for f in *; do [ -f "$f" ] && md5sum "$f"; done
""",
    "lto-wrapper": _SHOW
    + r"""
echo 'int f(void); int main(void) { return f(); }' > m.c; echo 'int f(void) { return 4; }' > f.c; gcc -c -O2 -flto -frandom-seed=1 m.c f.c
for o in -O0 '-O2 -g' -O3 -flto-partition=none -flto-partition=max -shared -static '-r -flinker-output=nolto-rel' -flto=2 -fno-lto '-march=armv8-a+sve' -mcpu=native -fPIC '-fno-pie -no-pie' -flto-compression-level=0 '-wrapper /w/show' -fdump-tree-optimized -Wl,-plugin-opt=-nothing '-Xassembler -mabi=lp64' -pg -fprofile-generate
do gcc -flto $o m.o f.o -o "x$o" > err 2>&1; echo "$o $?"; sed 's,/tmp/cc[A-Za-z0-9]*,TMP,g' err; [ -f "x$o" ] && md5sum "x$o"; done; cat log; printf 'all:\n\t+gcc -flto=jobserver m.o f.o -o jobs\n' > Makefile; make -j2; w=$(gcc -print-prog-name=lto-wrapper); $w; echo $?; COLLECT_GCC=gcc $w; echo $?
COLLECT_GCC=gcc COLLECT_GCC_OPTIONS="'-O2'" $w -fresolution=x m.o; echo $?; COLLECT_GCC=gcc COLLECT_GCC_OPTIONS="'-c'" $w -foffload-objects=x m.o; echo $?; $w --version
TMPDIR=/w gcc -flto m.o f.o -o t; ls *.gcno; rm -f *.gcno *.gcda; for f in *; do [ -f "$f" ] && md5sum "$f"; done
""",
    "gcc-ar": r"""
echo 'int f(void) { return 1; }' > a.c; echo 'int f(void); int main(void) { return f() - 1; }' > m.c
gcc -c a.c -o p.o; gcc -O2 -flto -frandom-seed=1 -c a.c -o l.o; gcc-ar rcs g.a l.o p.o; gcc-nm g.a; gcc-nm l.o; gcc-ranlib g.a; gcc-ar t g.a; echo "t g.a" > args; gcc-ar @args
gcc-nm -B /w l.o; printf '#!/bin/sh\necho own ar "$@"\n' > ar; chmod +x ar; PATH=/w:$PATH gcc-ar t g.a; gcc-ar -B/w t g.a; gcc-nm nothing; gcc-ar --version; gcc-nm --help | head -3; gcc-ranlib --version
gcc -O2 -flto -frandom-seed=1 m.c g.a -o x; ./x; echo $?; PATH= /usr/bin/gcc-nm l.o; ln -s /usr/bin/gcc-nm my-nm; ./my-nm l.o
echo 'int f(void) { return 1; }' > a.c; echo 'int f(void); int main(void) { return f() - 1; }' > m.c; gcc -c m.c a.c;  gcc -O2 -flto -frandom-seed=1 -c a.c -o l.o
echo '-o args m.o a.o -lm' > args.txt; gcc @args.txt; echo $?; echo 'rcs g.a l.o' > ar.txt;  gcc-ar @ar.txt; nm -s g.a; echo g.a > nm.txt; nm -s @nm.txt; gcc-nm @nm.txt; echo a.o > o.txt; objdump -d @o.txt; strip @o.txt; gcc -### @args.txt 2>&1 | grep -c collect2; g++ @args.txt -o gx; gcc m.o @nm.txt -flto -o y; md5sum y
""",
    "ld.bfd": r"""
L=$(printf 'x%.0s' $(seq 1 400)); for i in 1 2 3 4 5 6 7 8 9; do printf "int y$i$L(void) { return $i; }\n"; done > long.c
for i in 1 2 3 4 5 6 7 8 9; do printf "int some_longer_name_$i(void) { return $i; }\n"; done > short.c
echo 'int main(void) { return 0; }' > main.c; gcc -c main.c short.c long.c; ar rc liblong.a long.o; ar rc libshort.a short.o
gcc main.o short.o -o short; gcc main.o long.o -o long; gcc -static main.o short.o -o static; gcc -shared -fPIC long.c -o long.so
A=-Wl,--whole-archive; gcc main.o -L. $A -llong -o a -Wl,--no-whole-archive; gcc main.o $A -L. -lshort -o b -Wl,--no-whole-archive
gcc main.o $A -L. -l:liblong.a -o c -Wl,--no-whole-archive; echo 'INPUT(liblong.a)' > libscript.so; gcc main.o -L. $A -lscript -o d -Wl,--no-whole-archive
ld -r short.o long.o -o r.o; ld -r short.o -o s.o -Map=map; gcc main.o -lnothing; for f in short long a b c d; do ./$f; nm $f; done
""",
    "ld.gold": r"""
echo 'int main(void) { return 0; }' > a.c; gcc -c a.c; gcc -fuse-ld=gold a.o -o a; ld.gold --version; ld.gold -r a.o -o r.o
""",
}
