# What a Dockerfile may do on every CPU: install packages, add users, change rights, connect, fork.
FROM debian
RUN apt-get update \
 && apt-get install -y --no-install-recommends adduser libcap2-bin sudo \
 && rm -rf /var/lib/apt/lists/*
RUN adduser --disabled-password --gecos '' worker \
 && echo 'worker ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/worker \
 && passwd --delete root
RUN cp /bin/cat /usr/local/bin/cat-all \
 && setcap cap_dac_override=ep /usr/local/bin/cat-all
USER worker
WORKDIR /home/worker
RUN echo "$(id -un) $(su -c 'id -un' root) $(sudo -n id -un)" >facts \
 && cat-all /etc/shadow | head -n 1 | cut -d : -f 1 >>facts \
 && perl -MIO::Socket::INET -e 'IO::Socket::INET->new("127.0.0.1:1"); print "$!\n"' >>facts \
 && seq 100 | while read -r n; do echo "$n" | cat; done | sort -n | tail -n 1 >>facts
CMD ["cat", "facts"]
