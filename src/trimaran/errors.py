"""The tree of errors. Each carries what happened and, where it is known, the way out.

TrimaranError
├── UsageError                the command line or a value in it is wrong (exit status 2)
│   ├── PlatformError         a platform name that is unknown or ambiguous
│   └── InvalidReferenceError an image name that the grammar refuses
├── DockerfileError           a Dockerfile that cannot be built, with its lines
├── HostError                 the machine lacks something (namespaces, an emulator, a program)
├── ContextError              a build context that cannot be read
├── ImageError                an image that is missing, malformed or lacks a platform
│   └── NotFoundError         no such image, tag, manifest or blob
├── RegistryError             a registry refused or failed; carries the HTTP status
│   └── UnauthorizedError     the login is missing, wrong or not enough
├── LayerError                an archive that is malformed or reaches out of its root
├── StoreError                the local store is damaged, full or of another version
├── StepError                 a build step failed, with its exit status and last output
│   └── StepsError            several platforms failed
└── PlatformsError            platforms failed, and the build went on without them
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


class TrimaranError(Exception):
    """An error shown to the user as `message` and, below it, `hint`.

    Args:
        message: what happened, naming the file, line or reference; no full stop.
        hint: what to do about it; empty if nothing is known.
    """

    exit_status = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(TrimaranError):
    exit_status = 2


class PlatformError(UsageError):
    pass


class InvalidReferenceError(UsageError):
    pass


class DockerfileError(TrimaranError):
    """A Dockerfile's fault.

    Args:
        message: what is wrong.
        path: the Dockerfile's name as the user gave it.
        lines: first and last line, 1-based; (0, 0) if the whole file is meant.
        source: the file's text, for showing the lines with a marker.
        hint: the way out.
    """

    def __init__(
        self,
        message: str,
        *,
        path: str,
        lines: tuple[int, int] = (0, 0),
        source: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, hint)
        self.path = path
        self.lines = lines
        self.source = source


class HostError(TrimaranError):
    pass


class ContextError(TrimaranError):
    pass


class ImageError(TrimaranError):
    pass


class NotFoundError(ImageError):
    pass


class RegistryError(TrimaranError):
    """A registry's answer.

    Args:
        message: verb, subject and cause.
        hint: the way out.
        status: HTTP status, 0 if there was no answer.
    """

    def __init__(self, message: str, hint: str = "", *, status: int = 0) -> None:
        super().__init__(message, hint)
        self.status = status


class UnauthorizedError(RegistryError):
    pass


class LayerError(TrimaranError):
    pass


class StoreError(TrimaranError):
    pass


class StepError(TrimaranError):
    """A step of the graph failed.

    Args:
        message: what happened.
        step: the step as the user knows it, such as `[linux/arm64 build 3/7] RUN make`.
        platform: the platform's name.
        exit_status_of_step: the program's exit status; -1 if none ran.
        output: the last lines that the step printed.
        hint: the way out.
    """

    def __init__(
        self,
        message: str,
        *,
        step: str,
        platform: str,
        exit_status_of_step: int = -1,
        output: Sequence[str] = (),
        hint: str = "",
    ) -> None:
        super().__init__(message, hint)
        self.step = step
        self.platform = platform
        self.exit_status_of_step = exit_status_of_step
        self.output = tuple(output)


class StepsError(TrimaranError):
    """Several steps failed, each on its own platform."""

    def __init__(self, errors: Sequence[TrimaranError]) -> None:
        super().__init__(f"{len(errors)} steps failed")
        self.errors = tuple(errors)


class PlatformsError(TrimaranError):
    """What became of the platforms of a build that went on without those that failed.

    Args:
        message: what that means for the result.
        causes: why each platform failed, in their order; nothing for one that is built.
        hint: the way out.
    """

    def __init__(
        self, message: str, causes: Mapping[str, Sequence[TrimaranError]], hint: str = ""
    ) -> None:
        super().__init__(message, hint)
        self.causes = {platform: tuple(errors) for platform, errors in causes.items()}
