"""The plan: everything decided before the data is seen. ``Plan`` is what a plan file holds."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

from pydantic import Field

from copilot_tools.base import Frozen
from copilot_tools.stats.spec import AnalysisSpec
from expcopilot.records.digest import digest

__all__ = ["EXPERIMENT_NAME", "MOST", "Attestation", "Design", "Hypothesis", "Plan"]

ExperimentName = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[a-z0-9][a-z0-9._-]*$")]
EXPERIMENT_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,79}")
"""The same, for a name that stands in no record yet."""


MOST = 10**15
"""The largest number that a design counts or multiplies by: beyond it nothing is an experiment, and sums overflow."""


class Hypothesis(Frozen):
    """What is believed, and what would prove it wrong.

    Attributes:
        change: What changes.
        audience: For whom.
        because: Why it should work.
        falsifier: What result would prove it wrong.
    """

    change: str
    audience: str
    because: str
    falsifier: str


class Design(Frozen):
    """How the test is run.

    Attributes:
        committed_units: Units over all arms at which the outcomes are opened.
        committed_days: Days after first exposure before the outcomes are opened.
        first_exposure: First day a unit could see a treatment.
        traffic_per_month: Units a month the change would reach, for the practical number.
        value_per_unit: Money per unit of the primary metric (per conversion, per dollar: 1).
        model_version: Version of the AI model behind a treatment, if any.
        flag: Feature flag key, if any.
    """

    committed_units: Annotated[int, Field(ge=2, le=MOST)] | None = None
    committed_days: Annotated[float, Field(gt=0)] | None = None
    first_exposure: dt.date | None = None
    traffic_per_month: Annotated[float, Field(gt=0, le=MOST)] | None = None
    value_per_unit: Annotated[float, Field(gt=0, le=MOST)] | None = None
    model_version: str | None = None
    flag: str | None = None


class Attestation(Frozen):
    """A decision taken elsewhere before the test: where it stands, when it was taken, by whom."""

    where: Annotated[str, Field(min_length=3)]
    when: dt.date
    by: Annotated[str, Field(min_length=1)]

    def __str__(self) -> str:
        return f"decided {self.when.isoformat()} by {self.by}, recorded in {self.where}."


class Plan(Frozen):
    """One experiment's plan.

    Attributes:
        experiment: Short name: lower-case letters, digits, dots, dashes.
        question: The question in one sentence, as an executive would ask it.
        hypothesis: What is believed and why.
        north_star: How the primary metric serves the company's main goal.
        design: How the test is run.
        analysis: What is analysed and how it is decided.
        attested: Where the decision was taken before the test, when it was not registered here in time.
        notes: Anything else a reader should know.
    """

    experiment: ExperimentName
    question: Annotated[str, Field(min_length=1)]
    hypothesis: Hypothesis
    north_star: str = ""
    design: Design = Design()
    analysis: AnalysisSpec
    attested: Attestation | None = None
    notes: str = ""

    @property
    def digest(self) -> str:
        """SHA-256 of the plan's content (not of the file's text: comments and order do not count)."""
        return digest(self.to_json())
