"""What became of each platform of a build: which are lost, why, and whether the others go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from trimaran.errors import PlatformsError, TrimaranError
from trimaran.platforms import Platform


class Outcomes:
    """The platforms that failed so far.

    Args:
        wanted: all that were asked for.
        keep_going: whether the others are built all the same; a single platform has no others.
    """

    def __init__(self, wanted: Sequence[Platform], *, keep_going: bool) -> None:
        self._causes: dict[Platform, tuple[TrimaranError, ...]] = dict.fromkeys(wanted, ())
        self.keep_going = keep_going and len(self._causes) > 1

    @property
    def left(self) -> tuple[Platform, ...]:
        """The platforms that did not fail."""
        return tuple(platform for platform, causes in self._causes.items() if not causes)

    def lose(
        self, causes: Mapping[Platform, Sequence[TrimaranError]], error: TrimaranError
    ) -> None:
        """Note platforms that cannot be built.

        Args:
            causes: what each suffers from; one without a cause goes on.
            error: all of it, for a build that ends here.

        Raises:
            TrimaranError: `error`, where the build does not keep going.
            PlatformsError: no platform is left.
        """
        if not self.keep_going:
            raise error
        for platform, found in causes.items():
            self._causes[platform] += tuple(found)
        if not self.left:
            raise PlatformsError(
                f"all {len(self._causes)} platforms failed: nothing was published", self._named
            )

    def conclude(self, *, allow_missing: bool) -> PlatformsError | None:
        """What is to be said of a build that reached its end; None if nothing is missing.

        Raises:
            PlatformsError: platforms are missing, and that is not allowed.
        """
        lost = [str(platform) for platform in self._causes if platform not in self.left]
        if not lost:
            return None
        names = ", ".join(lost)
        if allow_missing:
            return PlatformsError(f"the result LACKS {names}", self._named)
        raise PlatformsError(
            f"{len(lost)} of {len(self._causes)} platforms failed ({names}): nothing was published",
            self._named,
            "--allow-missing publishes the others, and the index says what it lacks",
        )

    @property
    def _named(self) -> Mapping[str, tuple[TrimaranError, ...]]:
        return {str(platform): causes for platform, causes in self._causes.items()}
