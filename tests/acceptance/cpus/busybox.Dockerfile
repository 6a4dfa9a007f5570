# What a Dockerfile may do on every CPU, on a base of one program: change rights, connect and fork.
FROM busybox
RUN echo 'worker:x:1000:1000::/home/worker:/bin/sh' >>/etc/passwd \
 && sed -i 's/^root:x:/root::/' /etc/passwd \
 && chmod 4755 /bin/busybox
USER worker
WORKDIR /home/worker
RUN echo "$(id -un) $(su -c 'id -u' root)" >facts \
 && ! nc 127.0.0.1 1 2>error \
 && sed 's/.*: //' error >>facts \
 && seq 100 | while read -r n; do echo "$n" | cat; done | sort -n | tail -n 1 >>facts
CMD ["cat", "facts"]
