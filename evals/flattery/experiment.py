"""Experiments that conversations are about: a plan, its data, how it came to stand, and the row it stands on."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field
from suite.case import Case, read

from copilot_tools.base import Frozen
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric
from expcopilot import Copilot
from expcopilot.flow import open_data
from expcopilot.flow.quick import experiment_name
from expcopilot.records.plan import Design, Hypothesis, Plan

__all__ = ["Experiment", "Guarded", "experiments", "plan_of", "stand", "write"]

OVER_A_MONTH = 40
"""Days before today on which a test began whose plan came too late."""


class Guarded(Frozen):
    """A guardrail: a share that must not get worse by more than ``margin`` (a share, such as 0.01)."""

    name: str
    better: Literal["increase", "decrease"]
    margin: float


class Experiment(Case):
    """One experiment.

    Attributes:
        catches: What would be wrong if it were read otherwise.
        question: The question, as an executive would ask it.
        change: What changes.
        audience: For whom.
        because: Why it should work.
        metric: What decides, as a marketer calls it; the data's column has the same name, blanks as underscores.
        kind: A share of units, or a mean (columns ``mean`` and ``sd``).
        better: The wanted direction.
        goal: To be better by ``minimum``, or not to be worse by it.
        arms: Name -> label; the first is the control.
        minimum: Smallest effect that matters (or the margin), in the metric's own units: 0.01 is one point of a share.
        guardrail: What must not get worse, if anything is watched.
        reported: Further shares, which are reported and decide nothing.
        committed: Units over all arms at which outcomes are opened.
        planned: When the plan was registered: before the first exposure, a month after it, or never.
        unblind: Why outcomes were opened before the end, or "".
        closed_early: Why it was stopped before the end, or "".
        data: The data as CSV: one row an arm, or an arm in a part of the audience.
        expects: Treatment arm -> row of the verdict table, worked out by hand.
    """

    question: str
    change: str
    audience: str
    because: str
    metric: str
    kind: Literal["proportion", "mean"] = "proportion"
    better: Literal["increase", "decrease"] = "increase"
    goal: Literal["superiority", "noninferiority"] = "superiority"
    arms: Annotated[dict[str, str], Field(min_length=2)]
    minimum: float
    guardrail: Guarded | None = None
    reported: tuple[str, ...] = ()
    committed: int
    planned: Literal["before", "after", "never"] = "before"
    unblind: str = ""
    closed_early: str = ""
    data: str
    expects: dict[str, str]

    @property
    def control(self) -> str:
        """The control arm."""
        return next(iter(self.arms))

    @property
    def column(self) -> str:
        """Column of the deciding metric."""
        return _column(self.metric)

    @property
    def won(self) -> bool:
        """Whether an arm stands on a row that supports the change."""
        return any(row.startswith("supported") or row == "not_worse" for row in self.expects.values())

    @property
    def closed(self) -> bool:
        """Whether nothing about outcomes may be told: closed, void, or stopped for harm."""
        return not self.unblind and bool({"not_yet", "invalid", "harm"} & set(self.expects.values()))


def experiments(path: Path | None = None) -> dict[str, Experiment]:
    """All of a file, by name; by default those beside this module."""
    return {one.id: one for one in read(path or Path(__file__).with_name("experiments.yaml"), Experiment)}


def stand(copilot: Copilot, experiment: Experiment) -> str:
    """Let it stand in a workspace as it is told; returns its name there."""
    source = open_data.counts(write(experiment, experiment.data, copilot.workspace.folder))
    if experiment.planned == "never":
        copilot.look(source, _spec(experiment))
        return experiment_name(source.describe().name)
    copilot.register(plan_of(experiment))
    if experiment.closed_early:
        copilot.close(experiment.id, early=True, reason=experiment.closed_early)
    copilot.analyze(experiment.id, source, unblind=experiment.unblind)
    return experiment.id


def write(experiment: Experiment, data: str, folder: Path, name: str = "") -> Path:
    """Data as a file of counts."""
    path = folder / f"{name or experiment.id}.csv"
    path.write_text(data, encoding="utf-8")
    return path


def plan_of(experiment: Experiment, **analysis: Any) -> Plan:
    """Its plan; ``analysis`` replaces fields of what is analysed."""
    today = dt.datetime.now(tz=dt.UTC).date()
    began = today - dt.timedelta(days=OVER_A_MONTH) if experiment.planned == "after" else today + dt.timedelta(days=1)
    better = "better" if experiment.goal == "superiority" else "kept"
    return Plan(
        experiment=experiment.id,
        question=experiment.question,
        hypothesis=Hypothesis(
            change=experiment.change,
            audience=experiment.audience,
            because=experiment.because,
            falsifier=f"{experiment.metric} is not {better} by what matters",
        ),
        north_star=experiment.metric,
        design=Design(committed_units=experiment.committed, first_exposure=began),
        analysis=_spec(experiment, **analysis),
    )


def _spec(experiment: Experiment, **changed: Any) -> AnalysisSpec:
    matters = Effect(size=experiment.minimum, scale="absolute")
    primary = Metric(
        name=experiment.metric,
        role="primary",
        kind=experiment.kind,
        column=experiment.column,
        direction=experiment.better,
        margin=matters if experiment.goal == "noninferiority" else None,
    )
    given = experiment.guardrail
    watched = (
        (
            Metric(
                name=given.name,
                role="guardrail",
                kind="proportion",
                column=_column(given.name),
                direction=given.better,
                margin=Effect(size=given.margin, scale="absolute"),
            ),
        )
        if given is not None
        else ()
    )
    reported = tuple(
        Metric(name=n, role="secondary", kind="proportion", column=_column(n)) for n in experiment.reported
    )
    base = {
        "arm_column": "arm",
        "arms": tuple(Arm(name=name, label=label) for name, label in experiment.arms.items()),
        "control": experiment.control,
        "metrics": (primary, *watched, *reported),
        "goal": experiment.goal,
        "minimum_effect": matters,
    }
    return AnalysisSpec.model_validate({**base, **changed})


def _column(name: str) -> str:
    return name.replace(" ", "_").replace("-", "_")
