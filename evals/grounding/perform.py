"""Goes through the product: the plan is registered, the data read, questions asked, the readout worded and written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from flattery.talk import ledger, listening, readout, talk
from pressure.score import Row
from suite.task import Outcome
from suite.workspaces import opened, outcome

from copilot_tools.stats.spec import AnalysisSpec, Arm, Dialect, Effect, Looks, Metric, Segment
from expcopilot import Copilot
from expcopilot.flow import open_data
from expcopilot.records.plan import Design, Hypothesis, Plan
from grounding.case import GroundingCase
from grounding.data import base_column, column, text_of

__all__ = ["perform", "plan_of"]


def perform(case: GroundingCase, table: Mapping[str, Any], folder: Path) -> Outcome:
    """One experiment, read and asked about, as plain data."""
    with opened(folder, table) as copilot:
        plan = plan_of(case)
        copilot.register(plan)
        _read(copilot, case, plan)
        with listening(copilot) as model:
            turns = [talk(copilot, case.id, question, model) for question in case.asks]
            turns += readout(copilot, case.id, model)
        rows = ledger(copilot)
        seen = {
            "turns": turns,
            "page": _page(copilot, case),
            "quoted": sorted(set(_quoted(rows))),
            "looks": sum(row.kind == "looked" for row in rows),
        }
        return outcome(copilot, seen)


def plan_of(case: GroundingCase) -> Plan:
    """The plan as a team would register it the day before."""
    today = dt.datetime.now(tz=dt.UTC).date()
    return Plan(
        experiment=case.id,
        question=case.question,
        hypothesis=Hypothesis(
            change=f"People get {case.label(list(case.arms)[-1])}",
            audience="Everybody who comes by",
            because="Interviews and support mails say so",
            falsifier=f"{case.primary} is not better by what matters",
        ),
        north_star=case.primary,
        design=Design(committed_units=case.committed or case.units, first_exposure=today + dt.timedelta(days=1)),
        analysis=AnalysisSpec(
            unit="user" if case.file == "rows" else None,
            arm_column="arm",
            arms=tuple(Arm(name=n, label=a.label or None, weight=a.weight) for n, a in case.arms.items()),
            control=case.control,
            metrics=tuple(_metrics(case)),
            goal=case.goal,
            minimum_effect=Effect(size=case.matters, scale=case.scale),
            sides=case.sides,
            segments=tuple(Segment(column=c) for c in case.cut) if case.planned_cut else (),
            looks=Looks(shares=case.looks) if case.looks else None,
            dialect=_dialect(case),
        ),
    )


def _metrics(case: GroundingCase) -> Iterator[Metric]:
    for name, metric in case.metrics.items():
        yield Metric(
            name=name,
            role=metric.role,
            kind=metric.kind,
            column=column(case, name),
            denominator=base_column(case, name) if metric.kind == "ratio" else None,
            direction=metric.better,
            margin=Effect(size=metric.margin, scale="absolute") if metric.margin is not None else None,
            unit=metric.unit,
        )


def _dialect(case: GroundingCase) -> Dialect:
    return Dialect(decimal=",", delimiter=";") if case.decimal == "," else Dialect()


def _read(copilot: Copilot, case: GroundingCase, plan: Plan) -> None:
    path = copilot.workspace.folder / f"{case.id}.csv"
    path.write_text(text_of(case), encoding="utf-8")
    opening = open_data.counts if case.file == "counts" else open_data.rows
    if case.stopped:
        copilot.close(case.id, early=True, reason=case.stopped)
    copilot.analyze(case.id, opening(path, plan.analysis.dialect))


def _page(copilot: Copilot, case: GroundingCase) -> str:
    """The readout as Markdown, with the prose that was worded before."""
    files = copilot.write_readout(case.id, model=None)
    return next(file for file in files if file.suffix == ".md").read_text(encoding="utf-8")


def _quoted(rows: Sequence[Row]) -> Iterator[str]:
    """The plan's own words, and the sentences and phrases that code computed, as they stand on the ledger."""
    for row in rows:
        if row.kind == "registered":
            plan = row.payload["plan"]
            yield from (plan["question"], *plan["hypothesis"].values())
        elif row.kind == "looked":
            yield from (objection["sentence"] for objection in row.payload["objections"])
            verdict = row.payload["verdict"]
            yield verdict["phrase"]
            yield from (stamp["sentence"] for stamp in verdict["stamps"])
            for arm in verdict["arms"]:
                yield arm["phrase"]
                yield from (caveat["sentence"] for caveat in arm["caveats"])
