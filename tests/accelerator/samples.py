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
    "sort": _TEXT
    + "sort t; sort -rnk2 t; sort -u t; sort -g t; sort -k2gr t; sort -c t; sort -S 1M -o o t",
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
[ -x $i ] && { echo $i; timeout 20 ./$i < /dev/null > /w/o; echo $?; sort /w/o; }; done
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
bash -c 'printf "%.1f %.3e %g\n" 0.45 1.0005 1e-310'; echo 'printf "%.2f\n" 0.125 0.145 2.675' | bash
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
gawk 'BEGIN { for (i = 0; i < 99; i++) { a["k" i]; b[-i]; c[i / 3] } for (k in a) print k; for (k in b) print k; for (k in c) print k }'
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
cat /usr/bin/bash > b; zstd -q b; zstd -q -T2 -19 b -o c.zst; zstd -dc b.zst | md5sum; pzstd -V; zstd -V
for i in -1 -5 -6 -7 -9 -12; do zstd -qc $i b | md5sum; done
""",
    "lz4": "cat /usr/bin/bash > b; lz4 -q b b.lz4; lz4 -dc b.lz4 | md5sum; lz4 -q -9 b c.lz4; lz4 -V",
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
    + "mkdir a; cp t a; rsync -a a/ b; rsync -ain a/ b; rsync --list-only b/ | cut -c1-10; rsync --version",
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
ninja -v; ninja -t targets; ninja; ninja --version; cut -f4- .ninja_log; rm -f .ninja_log .ninja_deps; ninja nothing
""",
    "file": r"""
printf 'int main(){}' > a.c; file a.c /usr/bin/bash /usr/bin /etc/passwd; file -i a.c; file --version
file /usr/bin/* | md5sum
""",
    "msgfmt": r"""
printf 'msgid ""\nmsgstr "Content-Type: text/plain; charset=UTF-8\\n"\nmsgid "a"\nmsgstr "b"\n' > a.po
msgfmt -o a.mo a.po; msgmerge -q a.po a.po; printf 'puts(_("x"));' > a.c
xgettext -k_ --omit-header -o - a.c; msginit --version
printf 'msgid ""\nmsgstr "Content-Type: text/plain; charset=ISO-8859-1\\n"\nmsgid "a"\nmsgstr "b\344"\n' > l.po
msgfmt -o l.mo l.po; msgmerge -q l.po l.po | od -c; printf 'puts(_("x\344"));' > l.c
xgettext -k_ --from-code=CP1252 --omit-header -o - l.c
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

SETUP = {
    "localedef": r"""
localedef -i en_US -f UTF-8 en_US.UTF-8; echo $?; localedef -i de_DE -f ISO-8859-1 de_DE; echo $?; localedef --list-archive -v
cp /usr/lib/locale/locale-archive .; localedef --no-archive -i ja_JP -f EUC-JP /w/ja_JP; echo $?; localedef --delete-from-archive de_DE
localedef --list-archive; cp /usr/lib/locale/locale-archive deleted; localedef --version | head -1; localedef -i nothing -f UTF-8 x
localedef -i C -f UTF-8 --big-endian --no-archive /w/big; localedef -i C -f UTF-8 --little-endian --no-archive /w/little; rm -f /usr/lib/locale/locale-archive
""",
    "locale": r"""
localedef -i de_DE -f ISO-8859-1 de_DE; locale; locale -a; locale -m | head; LC_ALL=de_DE locale -k LC_TIME LC_MONETARY LC_NUMERIC LC_MESSAGES
locale charmap; LC_ALL=C.UTF-8 locale charmap; locale -av; LC_ALL=xx locale; locale -ck mon; rm -f /usr/lib/locale/locale-archive
locale --version | head -1; LC_ALL=C.UTF-8 locale -k LC_CTYPE LC_NUMERIC LC_TIME; LC_ALL=C.UTF-8 locale
""",
    "legacy": r"""
localedef -i de_DE -f ISO-8859-1 de_DE; printf '\344\n\303\244\n' > t; for l in de_DE C C.UTF-8; do export LC_ALL=$l; grep -c '^.$' t; sed -n 's/^./x/p' t | od -c; wc -m t; locale charmap; done
unset LC_ALL; printf 'char *a = "\344"; char *b = "\303\244";\n' > a.c
rm -f /usr/lib/locale/locale-archive
""",
    "iconv": r"""
printf '\344\366\n\303\244\n' > t; for i in ISO-8859-1 UTF-8 EUC-JP CP437 KOI8-R; do iconv -f $i -t UTF-16BE t | od -c; iconv -f $i -t ASCII//TRANSLIT t; echo $?; done
iconv -l | md5sum; iconv -c -f UTF-8 -t EUC-JP -o o t; iconv -f nothing t; iconv --version | head -1
""",
    "update-mime-database": r"""
mkdir -p m n/packages; cp -r /usr/share/mime/packages m; update-mime-database m; echo $?; update-mime-database -v; update-mime-database /nowhere
printf '%s' '<?xml version="1.0"?><mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info"><mime-type type="a/b">' \
 '<glob pattern="*.zz"/><magic priority="50"><match type="host32" value="0x01020304" offset="0"/><match type="big16" value="0x0102"' \
 ' mask="0xff00" offset="2:9"/></magic></mime-type></mime-info>' > n/packages/x.xml; update-mime-database -V n
printf '%s' '<?xml version="1.0" encoding="KOI8-R"?><mime-info xmlns="http://www.freedesktop.org/standards/shared-mime-info">' \
 '<mime-type type="a/c"><comment>' > n/packages/y.xml; printf '\344</comment></mime-type></mime-info>' >> n/packages/y.xml
update-mime-database n; echo $?; printf '<bad' > n/packages/z.xml; update-mime-database n; echo $?
""",
    "ssh-keygen": r"""
for t in rsa ecdsa ed25519; do ssh-keygen -q -t $t -N '' -C c -f k_$t; ssh-keygen -lf k_$t.pub | sed 's/SHA256:[^ ]*/F/'; stat -c '%n %a' k_$t k_$t.pub; done
head -1 k_rsa; wc -c k_ed25519.pub k_ed25519 k_ecdsa.pub; ssh-keygen -y -f k_rsa | cmp - k_rsa.pub; ssh-keygen -e -m PKCS8 -f k_rsa.pub | head -1
mkdir -p p/etc/ssh; ssh-keygen -A -f p | sort; ls -l --time-style=+ p/etc/ssh | awk '{ print $1, $3, $4, $6 }'
ssh-keygen -R nothing -f /dev/null; ssh-keygen -t nothing; ssh-keygen -p -P '' -N abcde -f k_rsa; ssh-keygen -Z; echo x | ssh-keygen -lf -; ssh-keygen -s k_ed25519 -I id -V 20200101:20300101 k_rsa.pub && ssh-keygen -L -f k_rsa-cert.pub | grep -c .
ssh-keygen -Q -l -f /dev/null; ssh-keygen -r h -f k_rsa.pub | cut -c1-20; rm -rf k_* p
""",
    "install-info": r"""
printf 'INFO-DIR-SECTION x\nSTART-INFO-DIR-ENTRY\n* a: (a).  does a.\nEND-INFO-DIR-ENTRY\n' > a.info; gzip -nk a.info
install-info a.info dir; install-info a.info.gz dir; cat dir; install-info --delete a.info dir; cat dir; install-info --version; install-info /nowhere dir
""",
    "update-desktop-database": r"""
mkdir d; printf '[Desktop Entry]\nType=Application\nName=a\nExec=a\nMimeType=text/plain;a/b;\n' > d/a.desktop; sed s/a/b/ d/a.desktop > d/b.desktop
update-desktop-database -v d; cat d/mimeinfo.cache; update-desktop-database /nowhere; update-desktop-database --help
""",
}
