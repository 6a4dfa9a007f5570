"""Scripts that use each program of the table on real inputs; all of their output is compared.

The keys are names of programs; `tests.accelerator.test_rules` wants one for every row. They run in
a root of their own, each in an empty folder there.
"""

from __future__ import annotations

_TEXT = r"""
printf 'b 2\na 1\nc\t3\nb 2\n' > t
"""

BASE = {
    "cat": _TEXT
    + r"""
[ -f t ] && cat t; b2sum t; base32 t; base64 t; basenc --base16 t; basename /a/b.c .c; cksum t
chmod 640 t; chown 0:0 t; chgrp 0 t; comm t t; cp -p t u; csplit -s t 2; cut -c1 t; cut -f2 t
date -u -d @86400 +%c; dd if=t of=v bs=3 count=1 2>&1 | head -2; du -b t; dircolors -p | md5sum
dirname /a/b; env -i A=1 env; expand t; expr 2 + 3; factor 12345678901; echo a b
false || echo no; fmt -w 3 t; fold -w 2 t; groups; head -n1 t; id; install -m 700 -D t w/x
link t l; ln -s t s; ls -l --time-style=+ --block-size=1 t l s; ls -1; logname; md5sum t
mkdir -p a/b; mkfifo f; mktemp -u XX | wc -c; mv u y; nice; nl t; nohup true; nproc; paste t t
pathchk -p t; pr -l 9 -D x t; printenv PATH; ptx t; pwd; readlink -f s; realpath s; rm v; rmdir a/b
sha1sum t; sha224sum t; sha256sum t; sha384sum t; sha512sum t; sleep 0; split -n 2 t p; join t t
stat -c '%a %s %F' t; sum t; sync; tac t; tail -n1 t; echo x | tee z; test -d a && echo d
timeout 5 true; touch -d @1 t; tr a-z A-Z < t; truncate -s 5 z; printf 'a b\nb c\n' | tsort; tty
unexpand -a t; uniq -c t; unlink l; users; vdir --time-style=+ t; wc t; who; whoami; yes | head -n 2
arch; uname -m; env printf '%.20f\n' 0.1; seq 0.1 0.1 0.5; numfmt --to=iec 123456; od -An -tx2 t
LC_ALL=C.UTF-8 ls; df / > /dev/null; ls /nowhere; cp; cat --help | head -3; shuf -n0 t; rm f
""",
    "sort": _TEXT + "sort t; sort -rnk2 t; sort -u t; sort -g t; sort -c t; sort -S 1M -o o t",
    "dash": r"""
x=5; f() { echo "$1 $((x * 3 << 4))"; }; f a; for i in 1 2; do echo $i; done; ulimit -n 100
trap 'echo bye' EXIT; (exit 3); echo $?; case abc in a*) echo y;; esac; ulimit -n
printf 'a b\\n\n' > i; read -r y < i; echo "$y" ${y%b*} $0; umask; printf '%s %d %.3f\n' a 010 1.5
(cd /usr; pwd); test -x /bin/sh && echo x; exec 3>&1; echo to3 >&3; echo $((1 << 62)); false
""",
    "find": r"""
mkdir -p a/b; touch -d @5 a/b/c; find . -name c -printf '%p %s %T@ %m\n'; find a -exec echo {} +
echo 1 2 3 | xargs -n1 echo; echo x | xargs -I@ sh -c 'echo @; exit 1'; echo $?; find . -newer /
find --version; xargs --version | head -1; find /nowhere
""",
    "diff": _TEXT
    + r"""
cp t u; echo z >> u; diff -u --label a --label b t u; cmp t u; diff3 t u t; sdiff t u; diff -r a b
""",
    "grep": _TEXT + r"grep -n b t; grep -E '^(a|c)' t; grep -P '\d' t; grep -rl b .; grep -q z t",
    "sed": _TEXT
    + r"""
sed -n '2,3p;s/b/X/gw o' t; sed -i.bak -E 's/([a-c]) /\1\U\1/' t; sed --version; cat t; sed -e 'y/ab/cd/;q3' t
""",
    "mawk": _TEXT
    + r"""
mawk '{ s += $2; printf "%s %.6f %c\n", toupper($1), $2 / 3, 65 } END { print s, length("abc") }' t
mawk 'BEGIN { print 2^53, 1e6, substr("hello", 2, 3), index("abc", "c"), exp(1), log(10), sin(1) }'
""",
    "tar": _TEXT
    + r"""
tar --sort=name --mtime=@0 --owner=0 --group=0 -cf o.tar t; tar -tvf o.tar; mkdir x
tar -C x -xf o.tar; tar -cz --mtime=@0 t | tar -tz; tar --version | head -1; tar -xf /nowhere
""",
    "gzip": "gzip -nk9 < /usr/bin/bash > b.gz; gzip -l b.gz; gunzip -c b.gz | md5sum; zcat b.gz | wc -c",
    "run-parts": r"""
mkdir d; printf '#!/bin/sh\necho ran $0 $1\n' > d/a; chmod +x d/a; run-parts -a x d; run-parts --list d
tempfile --help; ischroot; echo $?; ischroot -t; echo $?; ischroot -f; echo $?; ischroot --version
""",
    "logger": "logger a; echo $?; echo b | logger -t c; echo $?; logger --version; logger --help; logger -p x y",
    "hostname": "hostname | wc -l; hostname -V; hostname --help",
    "gpgv": "gpgv --version; echo x | gpgv",
    "sqv": "sqv --help; echo x | sqv",
    "flock": r"""
flock l echo a; getopt -o ab: -- -a -b c d; mcookie | wc -c; mountpoint /; echo abc | rev
flock -n l false; echo $?
""",
    "groupadd": r"""
groupadd -g 777 g1; useradd -u 777 -g 777 -M -s /bin/sh u1; usermod -c hi u1; groupmod -n g2 g1
cp -p /etc/passwd /etc/group .; cut -d: -f1,2,4- /etc/shadow > shadow; userdel -f u1; groupdel g2
chmod +r *
""",
    "update-alternatives": r"""
touch a b; update-alternatives --install /w/l l /w/a 1; update-alternatives --install /w/l l /w/b 2
update-alternatives --query l; update-alternatives --list l; update-alternatives --set l /w/a
update-alternatives --display l; update-alternatives --version; cat /var/lib/dpkg/alternatives/l
""",
    "apt-get": r"""
apt-get --version; apt-config dump | grep -v '^Command' > e; apt-cache policy bash; apt-mark showmanual
apt-get -s install nothing-there; apt-get -s -o APT::Architecture=armhf install bash; apt-cdrom --help
apt list 2>/dev/null; apt-cache show bash; apt-get -s install ./nothing.deb; apt-get check
""",
    "apt-extracttemplates": r"""
apt-extracttemplates --help; apt-sortpkgs --help; /usr/lib/apt/apt-helper --help
/usr/lib/apt/planners/dump < /dev/null; /usr/lib/apt/solvers/dump < /dev/null
""",
    "http": r"""
cd /usr/lib/apt/methods; for i in copy file gpgv http mirror rred sqv store; do
[ -x $i ] && { echo $i; timeout 20 ./$i < /dev/null; echo $?; }; done
""",
    "dpkg": r"""
dpkg --print-architecture; dpkg --print-foreign-architectures; dpkg --version; dpkg -l
dpkg -S /usr/bin/sed; dpkg -s bash; dpkg --compare-versions 1 lt 2 && echo lt; dpkg-query --version
dpkg-query -W -f '${binary:Package} ${Architecture} ${Version}\n'; dpkg-query -L libc6
mkdir -p p/DEBIAN p/usr/share/x; echo hi > p/usr/share/x/y
printf 'Package: x\nVersion: 1\nArchitecture: all\nMaintainer: a\nDescription: b\n' > p/DEBIAN/control
export SOURCE_DATE_EPOCH=1; dpkg-deb --root-owner-group -b p x.deb; dpkg-deb -I x.deb
dpkg-deb -c x.deb; dpkg-deb -x x.deb e; dpkg-deb --version; dpkg -i x.deb; dpkg -L x
sed -i s/all/amd64/ p/DEBIAN/control; dpkg-deb -b p z.deb; dpkg -i z.deb; dpkg -r x
cp /var/lib/dpkg/status .; dpkg-split --version; dpkg --add-architecture i386
dpkg --print-foreign-architectures; dpkg-divert --add --rename --divert /w/q /w/z.deb
dpkg-divert --list; dpkg-divert --version; dpkg-trigger --version; dpkg-trigger --help
""",
    "dpkg-statoverride": r"""
touch f; dpkg-statoverride --update --add root root 600 /w/f; dpkg-statoverride --list
dpkg-statoverride --version
""",
    "bash": r"""
printf '%s\n' 'echo $HOSTTYPE $MACHTYPE $OSTYPE ${BASH_VERSINFO[*]} $BASH_VERSION $0 $BASH' \
 'declare -A m=([a]=1 [b]=2); for k in "${!m[@]}"; do echo $k ${m[$k]}; done; set -o pipefail' \
 'printf "%s %q %(%F)T\n" a "b c" 0; false | true; echo $?; echo {1..5} ${x:-d} $((2 ** 40))' \
 '[[ abc =~ ^a(.)c$ ]] && echo ${BASH_REMATCH[1]}; mapfile -t l < s; echo ${#l[@]}' \
 'declare -p HOSTTYPE MACHTYPE; trap "echo bye" EXIT; ulimit -c; type cd; exit 4' > s
bash s; bash --version; bash -c 'env | sort; exit 3'; bash --posix -c 'echo $-'
""",
    "make": r"""
printf '%s\n' 'all: b $(patsubst %.i,%.o,$(wildcard *.i))' '	@echo $(MAKE_HOST) $(firstword $(MAKEFLAGS))' \
 'b:' '	@env | grep MAKE | sed s/fifo.*// | sort; $(MAKE) -s c' 'c:' '	@echo $(.LIBPATTERNS) $(CURDIR) $(shell uname -m)' \
 '%.o: %.i' '	cp $< $@' > Makefile
touch a.i b.i; make -n c; make -j2 | sort; make -v; make -q all; echo $?; make nothing
make -p -f /dev/null | grep -v '^#' | sort; printf 'a: -lz\n\techo $^\n' > m2; make -f m2
""",
}

TOOLS = {
    "gawk": _TEXT
    + r"""
gawk '{ a[$1] = $2 } END { n = asorti(a, b); for (i = 1; i <= n; i++) print b[i], a[b[i]] }' t
gawk 'BEGIN { print strftime("%F", 0, 1), gensub(/a(.)/, "<\\1>", "g", "abac"), 2^53 + 1 }'
gawk -l filefuncs 'BEGIN { print 1 }'; gawk --version | head -1
""",
    "bzip2": r"""
cat /usr/bin/bash > b; bzip2 -k b; bunzip2 -c b.bz2 | md5sum; bzcat b.bz2 | wc -c; bzip2 --help
head -c 99999 b.bz2 > c.bz2; bzip2recover c.bz2
""",
    "xz": r"""
cat /usr/bin/bash > b; xz -k6 b; xz -T2 -c b > c.xz; xz -l b.xz; unxz -c b.xz | md5sum; xz -t b
xz --version; lzma -k b; unlzma -c b.lzma | md5sum; lzmainfo b.lzma
""",
    "zstd": r"""
cat /usr/bin/bash > b; zstd -q b; zstd -q -T2 -19 b -o c.zst; zstd -dc b.zst | md5sum; pzstd -V
""",
    "lz4": "cat /usr/bin/bash > b; lz4 -q b b.lz4; lz4 -dc b.lz4 | md5sum; lz4 -q -9 b c.lz4",
    "unzip": _TEXT
    + r"""
touch -d @99999999 t; zip -qX o.zip t; unzip -p o.zip; unzip -l o.zip; zipinfo -1 o.zip
funzip o.zip; unzip -q o.zip -d x; unzip -v | head -3
""",
    "zip": _TEXT
    + "touch -d @99999999 t; zip -qX9 o.zip t; zip -T o.zip; zipnote o.zip; zipcloak -h; zipsplit -h",
    "cpio": _TEXT
    + "touch -d @9 t; echo t | cpio -o -H ustar > o; cpio -it < o; mkdir x; cd x; cpio -i < ../o",
    "rsync": _TEXT
    + "mkdir a; cp t a; rsync -a a/ b; rsync -ain a/ b; rsync --list-only b/ | cut -c1-10",
    "patch": _TEXT
    + "cp t u; echo z >> u; diff -u --label t --label u t u > p; touch -r t u; patch t < p; patch -R t p; patch --version",
    "m4": r"""
echo 'define(`f'"'"', `[$1]'"'"')f(x) eval(2**10) len(abc) translit(abc, a-c, A-C) syscmd(echo hi)' > i
m4 i; m4 -F o i; m4 -R o i; m4 --version; echo 'define(a' | m4
""",
    "bison": r"""
printf '%s\n' '%{' 'int yylex(void); void yyerror(const char *);' '%}' '%token N' '%left "+"' '%%' \
 "e: e '+' e | N ;" > g.y
bison -d -v --xml g.y; bison --graph g.y; bison --version; bison --print-localedir; bison /nowhere.y
""",
    "flex": r"""
printf '%%option noyywrap\n%%%%\n[a-z]+ return 1;\n. ;\n%%%%\n' > l.l; flex l.l; flex -+ -o x.cc l.l
flex --version
""",
    "gperf": r"printf 'if\nelse\nwhile\n' | gperf; gperf --version",
    "re2c": r"""
printf '/*!re2c\nre2c:yyfill:enable=0; re2c:define:YYCTYPE=char;\n[a-z]+ { return 1; }\n* { return 0; }\n*/' > l.re
re2c --no-generate-dates l.re -o l.c; re2c --version; re2go --version; re2rust --version
""",
    "ninja": r"""
printf 'rule c\n command = cat $in > $out\nbuild o: c i\nbuild p: c o\n' > build.ninja; echo x > i
ninja -v; ninja -t targets; ninja; ninja --version; rm -f .ninja_log .ninja_deps; ninja nothing
""",
    "file": r"""
printf 'int main(){}' > a.c; file a.c /usr/bin/bash /usr/bin /etc/passwd; file -i a.c; file --version
file /usr/bin/* | md5sum
""",
    "msgfmt": r"""
printf 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\nmsgid "a"\nmsgstr "b"\n' > a.po
msgfmt -o a.mo a.po; msgmerge -q a.po a.po; printf 'puts(_("x"));' > a.c
xgettext -k_ --omit-header -o - a.c; msginit --version
""",
    "git": r"""
export HOME=/w GIT_AUTHOR_DATE='1 +0000' GIT_COMMITTER_DATE='1 +0000'
git config --global user.email a@b; git config --global user.name a; git init -q -b m r; cd r
for i in 1 2 3; do cat /usr/bin/dash > f$i; echo $i >> f$i; git add .; git commit -qm $i; done
git log --stat; git -c pack.threads=1 gc -q; git fsck; git rev-parse HEAD; git diff --stat HEAD~1
git clone -q --no-local . ../c; git version --build-options; git archive HEAD | md5sum
git status; git --exec-path; cd ..; rm -rf r/.git/index c/.git/index r/.git/logs c/.git/logs
rm -rf r/.git/objects/info c/.git/objects/info r/.git/objects/pack/*.mtimes; git -C c log --format=%H; git grep x; git nothing
""",
    "git-remote-http": r"""
git ls-remote http://127.0.0.1:9/x 2>&1 | sed 's/after.*ms//'; git http-fetch -h; git http-fetch; git shell -h
git imap-send -h; git daemon --nothing; echo | git sh-i18n--envsubst x; git http-push -h
""",
    "openssl": r"""
mkdir d; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout k.pem -out d/c.pem -subj /CN=a 2> /dev/null
echo none > d/b.pem; openssl rehash d; ls d; readlink d/*.0; openssl rehash -v d; openssl rehash /nowhere; openssl version | cut -c-9
rm -f k.pem d/c.pem
""",
    "perl": r"""
{ adduser --system --group --home /nonexistent --no-create-home svc
adduser --quiet --disabled-password --gecos x --uid 1234 --shell /bin/sh bob; deluser bob
adduser --version; } 2>&1 | sed 's/--id=[0-9]*//'; cp /etc/passwd /etc/group .
DEBIAN_FRONTEND=noninteractive pam-auth-update --package; cat /etc/pam.d/common-auth
echo 'a a/b string x' | debconf-set-selections; echo 'get a/b' | debconf-communicate
debconf-show debconf; mkdir -p /usr/lib/systemd/system
printf '[Unit]\nDescription=x\n[Install]\nWantedBy=a.target\n' > /usr/lib/systemd/system/q.service
deb-systemd-helper enable q.service; deb-systemd-helper was-enabled q.service
ls -R /var/lib/systemd /etc/systemd
printf '#!/bin/sh\n### BEGIN INIT INFO\n# Provides: q\n# Required-Start:\n# Required-Stop:\n' > /etc/init.d/q
printf '# Default-Start: 2 3\n# Default-Stop: 0\n### END INIT INFO\n' >> /etc/init.d/q
chmod +x /etc/init.d/q; update-rc.d q defaults; ls /etc/rc2.d; perl -e 'print $^X, "\n"'
perl -V:archname; cp -r /var/cache/debconf .
printf 'AC_INIT([a],[1])\nAC_CHECK_HEADERS([stdio.h])\nAC_OUTPUT\n' > configure.ac
autoconf; autoconf --version; aclocal-1.17 --version; automake-1.17 --version; rm -rf autom4te.cache
""",
}

PYTHON = {
    "python": r"""
for i in py_compile struct enum os; do f="$f /usr/lib/python3.13/$i.py"; done
/usr/bin/python3.13 -E -S /usr/lib/python3.13/py_compile.py $f; echo $?; cp -r /usr/lib/python3.13/__pycache__ lib
printf 'def f(x: int = 2**80) -> float:\n  "doc"\n  return {1.5, "a", b"b", None, 3j, (1, ...)} and x in {"x", "y", 7, -0.0}\n' > m.py
printf 'class A:\n  s = frozenset({"a", "b", "c"})\n  async def g(self): return [i async for i in self] or f"{self!r:>{3}} \\N{BULLET} é"\n' > n.py
printf 'a = 1 +' > bad.py; touch -d @1000000000 m.py n.py; touch -d @5000000000 n.py
python3 -m py_compile m.py n.py bad.py; echo $?; printf 'm.py\nn.py\n' | python3 -O -m py_compile -; python3 -OO -m py_compile m.py
python3 -B -m py_compile m.py; SOURCE_DATE_EPOCH=1 python3 -m py_compile n.py; cp __pycache__/n.cpython-313.pyc hashed
python3 /usr/lib/python3.13/py_compile.py nothing.py; echo $?; PYTHONPATH=/w python3 -m py_compile m.py
py3compile -p python3 -v 2>&1 | grep -v 'argv\|options'; mkdir d; cp -p m.py n.py d; py3compile /w/d; ls d/__pycache__; py3compile /w/nothing; py3clean /w/d; ls d
py3compile -V 3.13 -f -X 'n.py' d; echo $?; py3compile --version; py3clean --version; py3compile -p nothing-there; echo $?
python3 -c 'import sys, platform; print(sys.platform, platform.machine())'; python3 -m platform | cut -d- -f3-; python3 m.py
python3 -m json.tool < /dev/null; echo 'print(1)' | python3; rm -f __pycache__/bad*
""",
}

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
gcc-nm l.o; gcc-ranlib g.a; ar x x.a; ar --version; ar -M < /dev/null; ar; nm /nowhere; nm --help
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
    "g++": _SOURCES
    + r"""
printf '%s\n' '#!/bin/sh' '{ echo "$@"; env | grep -E "^(COLL|COMP|LIBR|GCC)" | sort; } | sed "s,/[a-z]*/cc[A-Za-z0-9]*,TMP,g" >> /w/log' \
 'exec "$@"' > show; chmod +x show; w='-wrapper /w/show -std=c++17'
for o in '' '-O2 -g' '-flto -frandom-seed=1' -static '-shared -fPIC' -S '-static-libstdc++ -static-libgcc'
do g++ $w $o -DMAIN b.cc -o out; g++ $w $o -c b.cc -o o.o; echo "$o" $? >> log; rm -f out; done; g++ --version; g++ -dumpmachine; cat log
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
cmake -G "$g" -S . -B "b$g" -DCMAKE_BUILD_TYPE=Release | sed 's/([0-9.]*s)//'; cmake --build "b$g" -- -j2
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
