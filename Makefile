.PHONY: demo test cpus check bench

demo:
	scripts/demo

test:
	scripts/test

# Debian on every CPU, which takes the better part of an hour.
cpus:
	scripts/test -m slow

check:
	scripts/check

bench:
	bench/run
