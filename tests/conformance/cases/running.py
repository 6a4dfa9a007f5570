"""RUN: forms, surroundings, mounts."""

from __future__ import annotations

from tests.conformance.case import Case, text

_SEE = "env | grep -v HOSTNAME | while read l; do echo $l; done > /env"

CASES = (
    Case("run-shell", "FROM busybox\nRUN echo a  b   > /x   && echo $PATH >> /x\n"),
    Case(
        "run-exec",
        'FROM busybox\nRUN ["/bin/sh", "-c", "echo \\"$PATH\\" > /x"]\nRUN ["touch", "/y z"]\n',
    ),
    Case("run-not-json", "FROM busybox\nRUN [ -e /bin/sh ] && echo yes > /x\n"),
    Case("run-lines", "FROM busybox\nRUN echo a \\\n  # not me\n\n  b \\\n  > /x\n"),
    Case("run-nothing", "FROM busybox\nRUN true\n"),
    Case("run-empty", "FROM busybox\nRUN\n"),
    Case("run-fails", "FROM busybox\nRUN exit 3\n", fails=True),
    Case("run-not-there", 'FROM busybox\nRUN ["/no/program"]\n', fails=True),
    Case(
        "run-files",
        "FROM busybox\nRUN mkdir -p /d/e && echo 1 > /d/a && ln /d/a /d/b && ln -s a /d/c"
        " && chmod 2751 /d/e && chown 5:6 /d/a && chmod 6755 /d/a && echo 1 > '/d/ö x'\n",
    ),
    Case(
        "run-removes",
        "FROM busybox\nRUN mkdir -p /d/e && echo 1 > /d/e/a && echo 2 > /d/b\nRUN rm -r /d/e /bin/yes\n",
    ),
    Case(
        "run-replaces",
        "FROM busybox\nRUN mkdir -p /d/e && echo 1 > /d/e/a && echo 2 > /f\n"
        "RUN rm -r /d && mkdir /d && echo new > /d/n && rm /f && mkdir /f && rm /etc/group && ln -s passwd /etc/group\n",
    ),
    Case(
        "run-touches",
        "FROM busybox\nRUN mkdir /d && echo 1 > /d/a\nRUN chmod 700 /d && chown 3:4 /d/a\nRUN mv /d /e\n",
    ),
    Case("run-hard-link-below", "FROM busybox\nRUN echo 1 > /a\nRUN ln /a /b\nRUN echo 2 >> /a\n"),
    Case(
        "run-environment",
        f"FROM busybox\nENV a=1 b='x y' PATH=/bin:/x\nARG c=3\nARG d\nRUN {_SEE}\n",
    ),
    Case(
        "run-environment-args",
        f"FROM busybox\nARG c=3\nARG c=4\nRUN {_SEE}\n",
        options=("--build-arg=c=given",),
    ),
    Case(
        "run-user",
        "FROM busybox\nUSER worker\nWORKDIR /tmp/x\nRUN id > x && pwd >> x && echo $HOME >> x && umask >> x\n",
    ),
    Case(
        "run-user-group",
        "FROM busybox\nUSER worker:tools\nRUN id > /tmp/x\nUSER 0:1200\nRUN id > /tmp/y\n",
    ),
    Case(
        "run-user-groups",
        "FROM busybox\nRUN id > /tmp/r\nUSER worker\nRUN id > /tmp/x\nUSER 1000\nRUN id > /tmp/y\n",
    ),
    Case(
        "run-user-unknown-id",
        "FROM busybox\nUSER 4000\nRUN id > /tmp/x && echo $HOME >> /tmp/x\nUSER 4000:77\nRUN id > /tmp/y\n",
    ),
    Case("run-user-unknown", "FROM busybox\nUSER who\nRUN true\n", fails=True),
    Case(
        "run-user-home-set", "FROM busybox\nENV HOME=/set\nUSER worker\nRUN echo $HOME > /tmp/x\n"
    ),
    Case("run-workdir", "FROM busybox\nWORKDIR /a/b\nRUN pwd > x && cd .. && pwd > y\n"),
    Case(
        "run-workdir-linked",
        "FROM busybox\nRUN mkdir /real && ln -s real /alias\nWORKDIR /alias/x\nRUN pwd > y\n",
    ),
    Case("run-workdir-removed", "FROM busybox\nWORKDIR /a/b\nRUN rmdir /a/b\nRUN pwd > /x\n"),
    Case(
        "run-devices",
        "FROM busybox\nRUN ls -d /dev/null /dev/zero /dev/full /dev/random /dev/tty /dev/shm /dev/mqueue /dev/pts /dev/fd /dev/stdin > /x\n",
    ),
    Case(
        "run-etc",
        "FROM busybox\nRUN cat /etc/hosts > /dev/null; cat /etc/resolv.conf > /dev/null; ls /etc > /x\n",
    ),
    Case(
        "run-in-scratch",
        "FROM scratch\nCOPY --from=busybox /bin/busybox /bin/sh\nRUN echo x > /x\n",
    ),
    Case(
        "run-in-scratch-exec",
        'FROM scratch\nCOPY --from=busybox /bin/busybox /bin/echo\nRUN ["/bin/echo", "x"]\n',
    ),
    Case(
        "run-shell-changed",
        'FROM busybox\nSHELL ["/bin/sh", "-ec"]\nRUN echo $0 > /x\nSHELL ["/bin/busybox", "sh", "-xc"]\nRUN echo y > /y\n',
    ),
    Case(
        "run-shell-fails", 'FROM busybox\nSHELL ["/bin/sh", "-ec"]\nRUN false; true\n', fails=True
    ),
    Case("run-network-none", "FROM busybox\nRUN --network=none echo none > /x\n"),
    Case("run-machine", "FROM busybox\nRUN uname -m > /m\n"),
    Case("run-times", "FROM busybox\nRUN echo x > /x\n", epoch="1700000000"),
    # Mounts
    Case(
        "mount-bind",
        "FROM busybox\nRUN --mount=target=/c cp /c/a.txt /x && (echo no > /c/new) 2>/dev/null; ls -A /c/dir > /y\n",
    ),
    Case(
        "mount-bind-rw",
        "FROM busybox\nRUN --mount=type=bind,rw,target=/c echo more >> /c/a.txt && cp /c/a.txt /x\nCOPY a.txt /y\n",
    ),
    Case(
        "mount-bind-source",
        "FROM busybox\nRUN --mount=source=dir,target=/c ls -A /c > /x\nRUN --mount=source=a.txt,target=/f cat /f > /y\n",
    ),
    Case(
        "mount-bind-from",
        "FROM busybox AS one\nRUN echo 1 > /o\nFROM busybox\nRUN --mount=from=one,source=/o,target=/t/p cp /t/p /x\nRUN --mount=from=one,target=/all cp /all/o /y\n",
    ),
    Case(
        "mount-bind-image", "FROM busybox\nRUN --mount=from=rich,source=/rich,target=/r cp /r /x\n"
    ),
    Case(
        "mount-bind-relative",
        "FROM busybox\nWORKDIR /w\nRUN --mount=source=a.txt,target=b cp b c\n",
    ),
    Case(
        "mount-bind-existing",
        "FROM busybox\nRUN mkdir -p /c && echo below > /c/f\nRUN --mount=source=dir,target=/c ls -A /c > /x\nRUN cat /c/f > /y\n",
    ),
    Case(
        "mount-point-gone",
        "FROM busybox\nRUN --mount=target=/p/q/r true\nRUN --mount=target=/s/t/u echo x > /s/y\n",
    ),
    Case(
        "mount-tmpfs",
        "FROM busybox\nRUN --mount=type=tmpfs,target=/t echo 1 > /t/x && cat /t/x > /y && stat -c '%a %u %g' /t > /z\n",
    ),
    Case("mount-tmpfs-over", "FROM busybox\nRUN --mount=type=tmpfs,target=/etc ls -A /etc > /x\n"),
    Case(
        "mount-cache",
        "FROM busybox\nRUN --mount=type=cache,target=/c,id=cf1 echo 1 >> /c/x\nRUN --mount=type=cache,target=/d,id=cf1 cat /d/x > /y\n",
    ),
    Case(
        "mount-cache-owner",
        "FROM busybox\nRUN --mount=type=cache,target=/c,id=cf2,uid=5,gid=6,mode=0711 stat -c '%a %u %g' /c > /x\n",
    ),
    Case(
        "mount-cache-from",
        "FROM busybox AS one\nRUN mkdir /o && echo 1 > /o/p\nFROM busybox\nRUN --mount=type=cache,id=cf3,from=one,source=/o,target=/c ls /c > /x\n",
    ),
    Case(
        "mount-cache-private",
        "FROM busybox\nRUN --mount=type=cache,target=/c,id=cf4,sharing=private stat -c '%a %u %g' /c > /x\n",
    ),
    Case(
        "mount-secret",
        "FROM busybox\nRUN --mount=type=secret,id=s cat /run/secrets/s > /x && stat -c '%a %u %g' /run/secrets/s >> /x\n",
        {"s": text("secret\n")},
        options=("--secret=id=s,src={context}/s",),
    ),
    Case(
        "mount-secret-at",
        "FROM busybox\nUSER worker\nRUN --mount=type=secret,id=s,target=/k/l,uid=1000,gid=1200,mode=0440 cat /k/l > /tmp/x && stat -c '%a %u %g' /k/l >> /tmp/x\n",
        {"s": text("secret\n")},
        options=("--secret=id=s,src={context}/s",),
    ),
    Case("mount-secret-missing", "FROM busybox\nRUN --mount=type=secret,id=t ls / > /x\n"),
    Case(
        "mount-secret-required",
        "FROM busybox\nRUN --mount=type=secret,id=t,required true\n",
        fails=True,
    ),
    Case(
        "mount-secret-env",
        "FROM busybox\nRUN --mount=type=secret,id=s,env=V echo $V > /x\n",
        {"s": text("secret")},
        options=("--secret=id=s,src={context}/s",),
        same_as="FROM busybox\nRUN V=secret; echo $V > /x\n",
        source="Dockerfile reference, RUN --mount=type=secret: env since 1.10",
    ),
    Case(
        "mount-variables",
        "FROM busybox\nARG t=/c f=a.txt\nRUN --mount=target=$t,source=dir ls $t > /x\n",
    ),
    Case(
        "mount-several",
        "FROM busybox\nRUN --mount=target=/c --mount=type=tmpfs,target=/t --mount=type=cache,target=/k,id=cf5 cp /c/a.txt /t/ && cp /t/a.txt /k/ && cp /k/a.txt /x\n",
    ),
    Case("mount-unknown", "FROM busybox\nRUN --mount=type=what,target=/c true\n", fails=True),
    Case("mount-no-target", "FROM busybox\nRUN --mount=type=bind true\n", fails=True),
    Case(
        "mount-from-number",
        "FROM busybox\nFROM busybox\nRUN --mount=from=0,target=/c true\n",
        fails=True,
    ),
)
