"""The package database that a root has, whichever manager keeps it."""

from __future__ import annotations

from trimaran.accelerator import apk, dpkg, rpm
from trimaran.accelerator.packages import Database
from trimaran.accelerator.trees import Tree


class Memory:
    """What was read of the databases of one root, or of several like it; not for two threads."""

    def __init__(self) -> None:
        self.dpkg = dpkg.Memory()
        self.apk = apk.Memory()
        self.rpm = rpm.Memory()


def read(tree: Tree, memory: Memory) -> Database | None:
    """The root's database as it is now; None if it has none of a kind that is read.

    Args:
        tree: the root.
        memory: of earlier readings, to which this one is added.

    Raises:
        OSError: it is there and cannot be read now.
    """
    if dpkg.is_there(tree):
        return dpkg.Dpkg(tree, memory.dpkg)
    if apk.is_there(tree):
        return apk.Apk(tree, memory.apk)
    if rpm.is_there(tree):
        return rpm.Rpm(tree, memory.rpm)
    return None


def read_still(tree: Tree) -> Database | None:
    """The database of a root that nobody changes any more; None, too, if it is damaged."""
    try:
        return read(tree, Memory())
    except OSError:
        return None
