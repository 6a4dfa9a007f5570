"""What a step is, for `trimaran du` and for those who remove what it made."""

from __future__ import annotations

from trimaran.build.plan import Plan
from trimaran.build.results import Results
from trimaran.graph.steps import Step, ground, inputs
from trimaran.store.snapshots import snapshot_name
from trimaran.store.store import Store
from trimaran.store.units import About


def describe(store: Store, plan: Plan, step: Step, identity: str) -> None:
    """Write down what a step is, before anything of it is kept.

    Args:
        store: where to.
        plan: knows the step's label and what it needs.
        step: the step itself, or the extraction that is done in its place.
        identity: what it makes is kept under.

    Raises:
        StoreError: it cannot be written.
    """
    label, on_base = plan.label(step), ground(step) is not None
    needed = tuple(snapshot_name(plan.identity(need)) for need in inputs(step))
    base, sources = (needed[0], needed[1:]) if on_base else ("", needed)
    about = About(label.text, str(label.platform), base, sources)
    Results(store).put_about(identity, about)
