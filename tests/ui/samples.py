"""A fixed build, as events: what the golden outputs are drawn from."""

from __future__ import annotations

from trimaran import events
from trimaran.events import Event

RUN_ARM = "[linux/arm64 2/3] RUN make \\\n    all"
EVENTS: tuple[Event, ...] = (
    events.BuildStarted("Dockerfile", ("linux/amd64", "linux/arm64"), 5),
    events.TransferStarted("t1", "pull", "busybox sha256:1111", 1_234_567, 1000.0),
    events.TransferAdvanced("t1", 500_000),
    events.TransferDone("t1", skipped=False, at=1000.5),
    events.StepStarted("a", "[linux/amd64 2/3] RUN make all", "linux/amd64", "native", 1001.0),
    events.StepStarted("b", RUN_ARM, "linux/arm64", "emulated", 1001.0),
    events.StepOutput("a", "cc -O2 größe.c", 1001.25),
    events.StepOutput("b", "\x1b[1mcc\x1b[0m 10%\rcc 100%", 1013.34),
    events.StepDone("a", 4.2, 1005.2),
    events.StepCached("c", "[linux/amd64 3/3] COPY . /", "linux/amd64"),
    events.Notice("warning", "linux/arm64 is slow here", "buy a ship"),
    events.StepDone("b", 75.04, 1076.0),
    events.ProgramExecs("linux/arm64", "debian", "/bin/uname", "it tells", 0, 4, 0.02, 0.03),
    events.TransferStarted("t2", "push", "127.0.0.1:5000/whoami sha256:2222", 0, 1076.0),
    events.TransferDone("t2", skipped=True, at=1076.1),
    events.ImageBuilt("linux/amd64", "sha256:aa", 812, 4.2),
    events.ImageBuilt("linux/arm64", "sha256:bbbb", 2_100_000, 75.04),
    events.BuildDone("sha256:cc", ("127.0.0.1:5000/whoami:latest",), 76.5),
)
FAILURE: tuple[Event, ...] = (
    events.StepStarted("a", "[linux/arm64 2/2] RUN false", "linux/arm64", "emulated", 10.0),
    events.StepOutput("a", "first line", 10.5),
    events.StepOutput("a", "last line", 11.0),
    events.StepFailed("a", "exit status 1", 11.0),
)
