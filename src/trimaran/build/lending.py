"""What RUN needs of the user and did not get, told before any step runs."""

from __future__ import annotations

from trimaran.build.demand import Demand
from trimaran.build.plan import Plan
from trimaran.dockerfile.instructions import Source
from trimaran.errors import ContextError, StepError
from trimaran.executor import lent
from trimaran.graph.steps import Run
from trimaran.request import BuildRequest


def check_lent(request: BuildRequest, plan: Plan, demand: Demand, source: Source) -> None:
    """Make sure that each step that must run gets the secrets and agents that it requires.

    Raises:
        StepError: one does not, in the words that the step itself would have.
    """
    for step in demand.roots.values():
        if not isinstance(step, Run):
            continue
        try:
            for mount in step.mounts:
                lent.check(mount, request.run)
        except ContextError as error:
            label = plan.label(step)
            lines = source.error(error.message, label.lines)
            raise StepError(
                error.message, step=label.text, platform=str(label.platform), hint=error.hint
            ) from lines
