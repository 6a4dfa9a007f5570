.PHONY: demo test cpus services conformance check bench fuzz

demo:
	scripts/demo

test:
	scripts/test

# What is marked slow but the services: Debian on every CPU, in the better part of an hour.
cpus:
	scripts/test -m slow -k 'not test_services'

# examples/services for amd64 and arm64, which takes a quarter of an hour.
services:
	scripts/test -m slow -k test_services

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
