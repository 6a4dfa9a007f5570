from window._sums import sums

__all__ = ["sums"]
