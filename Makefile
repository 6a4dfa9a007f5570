.PHONY: demo test cpus conformance check bench fuzz

demo:
	scripts/demo

test:
	scripts/test

# Debian on every CPU, which takes the better part of an hour.
cpus:
	scripts/test -m slow

# Beside newer engines than this machine's; as root. Makes a Debian 13 root once. CASE=NAME for some.
conformance:
	scripts/test -m conformance $(if $(CASE),-k $(CASE))

check:
	scripts/check

bench:
	bench/run

# The native code on bytes of any kind; needs clang. SECONDS=N for how long.
fuzz:
	scripts/fuzz $(or $(SECONDS),60)
