import platform
import sys

from window import _sums, sums

size, *numbers = (int(word) for word in sys.argv[1:])
machine = platform.machine()
print(machine, sums(numbers, size), f"{machine}-linux-gnu" in _sums.__file__)
