"""The rules of a Dockerfile's check: BuildKit's own under their names, and this project's.

BuildKit's are those of its build checks' reference; the sentences are kept word for word where
programs read them.
"""

from __future__ import annotations

import msgspec

_REFERENCE = "https://docs.docker.com/go/dockerfile/rule/"
_OWN = "docs/checks.md#"


class Rule(msgspec.Struct, frozen=True):
    """What is looked at.

    Attributes:
        experimental: off unless `experimental=` names it.
        asked_for: looked at by `--check` alone, not by every build.
    """

    name: str
    description: str
    url: str = ""
    experimental: bool = False
    asked_for: bool = False


def _rule(name: str, page: str, description: str, *, experimental: bool = False) -> Rule:
    return Rule(name, description, f"{_REFERENCE}{page}/" if page else "", experimental)


def _own(name: str, description: str, *, asked_for: bool = False) -> Rule:
    return Rule(name, description, f"{_OWN}{name.lower()}", asked_for=asked_for)


STAGE_NAME_CASING = _rule("StageNameCasing", "stage-name-casing", "Stage names should be lowercase")
FROM_AS_CASING = _rule(
    "FromAsCasing",
    "from-as-casing",
    "The 'as' keyword should match the case of the 'from' keyword",
)
NO_EMPTY_CONTINUATION = _rule(
    "NoEmptyContinuation",
    "no-empty-continuation",
    "Empty continuation lines will become errors in a future release",
)
CONSISTENT_INSTRUCTION_CASING = _rule(
    "ConsistentInstructionCasing",
    "consistent-instruction-casing",
    "All commands within the Dockerfile should use the same casing (either upper or lower)",
)
DUPLICATE_STAGE_NAME = _rule(
    "DuplicateStageName", "duplicate-stage-name", "Stage names should be unique"
)
RESERVED_STAGE_NAME = _rule(
    "ReservedStageName",
    "reserved-stage-name",
    "Reserved words should not be used as stage names",
)
JSON_ARGS_RECOMMENDED = _rule(
    "JSONArgsRecommended",
    "json-args-recommended",
    "JSON arguments recommended for ENTRYPOINT/CMD to prevent unintended behavior related to OS"
    " signals",
)
MAINTAINER_DEPRECATED = _rule(
    "MaintainerDeprecated",
    "maintainer-deprecated",
    "The MAINTAINER instruction is deprecated, use a label instead to define an image author",
)
UNDEFINED_ARG_IN_FROM = _rule(
    "UndefinedArgInFrom", "undefined-arg-in-from", "FROM command must use declared ARGs"
)
WORKDIR_RELATIVE_PATH = _rule(
    "WorkdirRelativePath",
    "workdir-relative-path",
    "Relative workdir without an absolute workdir declared within the build can have unexpected"
    " results if the base image changes",
)
UNDEFINED_VAR = _rule(
    "UndefinedVar", "undefined-var", "Variables should be defined before their use"
)
MULTIPLE_INSTRUCTIONS_DISALLOWED = _rule(
    "MultipleInstructionsDisallowed",
    "multiple-instructions-disallowed",
    "Multiple instructions of the same type should not be used in the same stage",
)
LEGACY_KEY_VALUE_FORMAT = _rule(
    "LegacyKeyValueFormat",
    "legacy-key-value-format",
    "Legacy key/value format with whitespace separator should not be used",
)
INVALID_BASE_IMAGE_PLATFORM = _rule(
    "InvalidBaseImagePlatform", "", "Base image platform does not match expected target platform"
)
REDUNDANT_TARGET_PLATFORM = _rule(
    "RedundantTargetPlatform",
    "redundant-target-platform",
    "Setting platform to predefined $TARGETPLATFORM in FROM is redundant as this is the default"
    " behavior",
)
SECRETS_USED_IN_ARG_OR_ENV = _rule(
    "SecretsUsedInArgOrEnv",
    "secrets-used-in-arg-or-env",
    "Sensitive data should not be used in the ARG or ENV commands",
)
INVALID_DEFAULT_ARG_IN_FROM = _rule(
    "InvalidDefaultArgInFrom",
    "invalid-default-arg-in-from",
    "Default value for global ARG results in an empty or invalid base image name",
)
FROM_PLATFORM_FLAG_CONST_DISALLOWED = _rule(
    "FromPlatformFlagConstDisallowed",
    "from-platform-flag-const-disallowed",
    "FROM --platform flag should not use a constant value",
)
COPY_IGNORED_FILE = _rule(
    "CopyIgnoredFile",
    "copy-ignored-file",
    "Attempting to Copy file that is excluded by .dockerignore",
    experimental=True,
)
INVALID_DEFINITION_DESCRIPTION = _rule(
    "InvalidDefinitionDescription",
    "invalid-definition-description",
    "Comment for build stage or argument should follow the format: `# <arg/stage name>"
    " <description>`. If this is not intended to be a description comment, add an empty line or"
    " comment between the instruction and the comment.",
    experimental=True,
)
EXPOSE_PROTO_CASING = _rule(
    "ExposeProtoCasing",
    "expose-proto-casing",
    "Protocol in EXPOSE instruction should be lowercase",
)
EXPOSE_INVALID_FORMAT = _rule(
    "ExposeInvalidFormat",
    "expose-invalid-format",
    "IP address and host-port mapping should not be used in EXPOSE instruction. This will become"
    " an error in a future release",
)

TARGET_ARG_DEFAULT = _own(
    "TargetArgDefault",
    "A default of an automatic platform argument wins over the platform that is built",
)
UNDECLARED_PLATFORM_ARG = _own(
    "UndeclaredPlatformArg",
    "An automatic platform argument is empty in a stage that does not declare it",
)
BUILD_PLATFORM_IN_LAST_STAGE = _own(
    "BuildPlatformInLastStage",
    "A last stage of the building machine's platform gives every platform that one's files",
)
FIXED_ARCHITECTURE_DOWNLOAD = _own(
    "FixedArchitectureDownload",
    "A download that names one architecture gives every platform that one's files",
)
SLOW_WHEN_EMULATED = _own(
    "SlowWhenEmulated",
    "A compiler runs for the target platform, which is slow where that is emulated",
    asked_for=True,
)

RULES = tuple(value for value in tuple(globals().values()) if isinstance(value, Rule))
"""Every rule, in the order of this file."""
