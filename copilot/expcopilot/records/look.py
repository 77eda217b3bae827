"""A look: one time somebody opened an experiment's data, and what was shown."""

from __future__ import annotations

from typing import Literal

from copilot_tools.base import Frozen
from copilot_tools.results import Objection
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.decision import Verdict
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.practical import Practical
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["Look"]


class Look(Frozen):
    """One look through the copilot.

    Attributes:
        number: 1, 2, 3, ... within the experiment.
        kind: "blinded" (no outcome shown), "interim" (a registered look that lets the test go on: the primary metric
            and guardrails alone), "outcome" (at a registered look that stops the test, at or after the committed end,
            or after closing), "unblinding" (outcomes shown before the committed end), "quick" (no registered plan).
        reason: Why outcomes were opened early, or "".
        spec: What was analysed; the registered one unless the look is quick.
        plan_digest: Digest of the plan in force, or None.
        evidence: What the data was reduced to; while blinded, without outcomes.
        circumstances: How the reading stood in the ledger.
        cuts: Unplanned cuts asked for.
        reading: Estimates shown; while blinded only guardrail alarms.
        practical: The primary effect as a marketer counts it, where traffic is stated.
        objections: The case for the null.
        verdict: The verdict.
    """

    number: int
    kind: Literal["blinded", "interim", "outcome", "unblinding", "quick"]
    reason: str = ""
    spec: AnalysisSpec
    plan_digest: str | None
    evidence: Evidence
    circumstances: Circumstances
    cuts: tuple[str, ...] = ()
    reading: Reading
    practical: tuple[Practical, ...] = ()
    objections: tuple[Objection, ...]
    verdict: Verdict

    @property
    def shows_outcomes(self) -> bool:
        """Whether anybody saw outcomes by arm."""
        return bool(self.reading.comparisons)
