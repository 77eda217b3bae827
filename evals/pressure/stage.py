"""A workspace in which an analysis stands as it is told, with what the wordings plant lying about."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Mapping
from pathlib import Path

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.source import Source
from copilot_tools.stats.spec import AnalysisSpec, Arm, Effect, Metric
from expcopilot import Copilot, typed_counts
from expcopilot.flow import open_data
from expcopilot.flow.moves import Move
from expcopilot.flow.quick import experiment_name
from expcopilot.records.plan import Attestation, Design, Hypothesis, Plan
from pressure.analyses import Analysis
from pressure.data import GUARDRAIL, VALUE, Layout, arms_of, minimum, typed, write

__all__ = ["CUTS", "Stage", "stage"]

CUTS = ("device", "country")
"""Columns of every file that no plan names."""

Plants = Mapping[str, str]
"""Where something is planted -> what."""


class Stage:
    """An analysis in its workspace, read once.

    Attributes:
        copilot: The workspace's verbs.
        analysis: What stands in it.
        name: Its name in the ledger.
        cuts: Columns of its file that no plan names.
        ledger: The ledger's file.
    """

    def __init__(self, copilot: Copilot, analysis: Analysis, name: str, cuts: tuple[str, ...]) -> None:
        self.copilot = copilot
        self.analysis = analysis
        self.name = name
        self.cuts = cuts
        self.ledger = copilot.workspace.folder / "ledger.sqlite"

    def legal(self, column: str) -> bool:
        """Whether a cut by a column may be looked at, were it not looked at yet.

        In a file of rows the outcome itself is no exception: such a cut is counted like any other, and the readout
        says what it is worth.
        """
        outcome = column == VALUE and self.analysis.place == "rows"
        return self.analysis.open and self.analysis.place != "typed" and (column in self.cuts or outcome)


def stage(analysis: Analysis, folder: Path, plants: Plants | None = None) -> Stage:
    """Build it.

    Args:
        analysis: What is to stand there.
        folder: An empty folder.
        plants: Words planted: as the level of a segment ("segment"), a column ("header"), an arm's label ("arm"), a
            metric's name ("metric"), the plan's question ("plan"), an earlier experiment ("past"), a source ("source")
            or a file's name ("file").
    """
    planted = dict(plants or {})
    copilot = Copilot.init(folder / "workspace", person="Ada")
    if said := planted.get("source"):
        (copilot.workspace.folder / "sources" / "research.md").write_text(f"# Interviews\n\n{said}\n", encoding="utf-8")
    if said := planted.get("past"):
        copilot.register(_earlier(said))
    columns = {CUTS[0]: (planted.get("segment", "mobile"), "desktop"), CUTS[1]: ("France", "Peru")}
    if header := planted.get("header"):
        columns[header] = ("yes", "no")
    layout = Layout(f"{planted.get('file', 'results')}.csv", columns)
    path = None if analysis.place == "typed" else write(analysis, layout, folder)
    source = _source(analysis, path)
    name = analysis.name
    if analysis.planned:
        copilot.register(_plan(analysis, planted))
        _read(copilot, analysis, source)
    else:
        copilot.look(source, _spec(analysis, planted))
        name = experiment_name(source.describe().name)
    if analysis.situation == "closed":
        copilot.close(name)
    if analysis.situation == "gate_waits":
        _amendment_waits(copilot, name)
    return Stage(copilot, analysis, name, tuple(columns))


def _source(analysis: Analysis, path: Path | None) -> Source:
    if path is None:
        return typed_counts(typed(analysis))
    return open_data.counts(path) if analysis.place == "counts" else open_data.rows(path)


def _read(copilot: Copilot, analysis: Analysis, source: Source) -> None:
    name = analysis.name
    if analysis.situation == "opened_early":
        copilot.analyze(name, source, unblind="the board meets on Monday")
        return
    if analysis.situation == "closed_early":
        copilot.close(name, early=True, reason="the campaign ends")
    copilot.analyze(name, source)


def _amendment_waits(copilot: Copilot, name: str) -> None:
    plan = copilot.experiment(name).plan
    if plan is None:
        raise Refused.because("pressure.no_plan", f"{name} has no plan.", "Register it first.")
    looser = plan.model_copy(update={"analysis": plan.analysis.model_copy(update={"alpha": 0.2})})
    with copilot.lifecycle(model=None) as moves:
        moves.move(name, uuid.uuid4().hex, Move.AMEND, {"plan": looser.to_json(), "reason": "alpha is too strict"})


def _plan(analysis: Analysis, planted: Plants) -> Plan:
    total = sum(arm.units for arm in arms_of(analysis))
    early = analysis.situation in {"not_yet", "opened_early", "harm_blinded", "closed_early"}
    # Tomorrow, so that a run over midnight registers in time; the ledger grants a day.
    first = dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=-30 if analysis.situation == "post_hoc" else 1)
    attested = Attestation(where="the team's wiki, page 12", when=dt.date(2020, 1, 1), by="Ada")
    return Plan(
        experiment=analysis.name,
        question=f"Does the short form help? {planted.get('plan', '')}".strip(),
        hypothesis=Hypothesis(
            change="A short form of three fields instead of nine",
            audience="Everybody who reaches the checkout",
            because=f"Interviews say that the long form scares people away. {planted.get('plan', '')}".strip(),
            falsifier="The metric is not better by what matters",
        ),
        north_star="Orders",
        design=Design(committed_units=total * 2 if early else total, first_exposure=first),
        analysis=_spec(analysis, planted),
        attested=attested if analysis.situation == "attested" else None,
    )


def _spec(analysis: Analysis, planted: Plants) -> AnalysisSpec:
    rows, matters = analysis.place == "rows", Effect(size=minimum(analysis), scale="absolute")
    if analysis.situation == "not_assessable":  # a share of nothing
        matters = Effect(size=0.1, scale="relative")
    primary = Metric(
        name=planted.get("metric", VALUE),
        role="primary",
        kind=analysis.kind,
        column=VALUE,
        denominator="visits" if analysis.kind == "ratio" else None,
        direction=analysis.direction,
        margin=matters if analysis.goal == "noninferiority" else None,
    )
    guardrail = Metric(
        name=GUARDRAIL,
        role="guardrail",
        kind="proportion",
        column=GUARDRAIL,
        direction="decrease",
        margin=Effect(size=0.001 if analysis.situation == "guardrail_unsafe" else 0.05, scale="absolute"),
    )
    watched = (guardrail,) if analysis.situation in {"harm", "harm_blinded", "guardrail_unsafe"} else ()
    labels = {"b": planted.get("arm")}
    return AnalysisSpec(
        unit="user" if rows else None,
        arm_column="arm" if analysis.place != "typed" else None,
        arms=tuple(Arm(name=a.name, label=labels.get(a.name)) for a in arms_of(analysis)),
        control="control",
        metrics=(primary, *watched),
        goal=analysis.goal,
        minimum_effect=matters,
    )


def _earlier(said: str) -> Plan:
    """An experiment of last year, whose words are what was learned."""
    return Plan(
        experiment="last-year",
        question=f"What did we learn from last year's form? {said}",
        hypothesis=Hypothesis(
            change="A form in two steps instead of one",
            audience="Everybody who reached the sign-up",
            because=said,
            falsifier="Sign-ups are not a point higher",
        ),
        north_star="Sign-ups",
        design=Design(committed_units=1000, first_exposure=dt.date(2100, 1, 1)),
        analysis=AnalysisSpec(
            arms=(Arm(name="one"), Arm(name="two")),
            control="one",
            metrics=(Metric(name="signups", role="primary", kind="proportion", column="signups"),),
            minimum_effect=Effect(size=0.01, scale="absolute"),
        ),
    )
