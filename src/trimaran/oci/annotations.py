"""Annotations of indexes that are trimaran's own."""

MISSING = "trimaran.platforms.missing"
"""The platforms that were asked for, could not be built and are not listed: `linux/a,linux/b`."""
