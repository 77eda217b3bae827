"""The alarm levels of all attacks in one table, and what each costs in false alarms.

A clean experiment (no effect, or a true effect of the size it was powered for; sound randomization, no drift) must
raise a serious or blocking objection in under 5% of readouts. ``false_alarms`` bounds each attack's share; they add up
to less than that. Attacks that read only what people did (looks, cuts, policies) raise nothing by chance. Nor does
sparse data in arms of one size with enough events; with fewer it is serious only where a difference is found, which a
conservative test of few events does more seldom than its alpha.

The two attacks that spend most are the sample ratio, whose .01 is the custom of the field, and the false-positive risk.
Above the plan's bound the latter is a note and turns the verdict into "replicate first"; above twice the bound it is
serious: with the default plan (two-sided 5%, win rate 20%, bound 20%) for 1.96 < z < 2.04, 0.4% of readouts without an
effect and 2.5% of those with an effect the test finds 80 times in 100.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Literal, NamedTuple

from copilot_tools.results import Severity

__all__ = ["LEVELS", "Level"]


class Level(NamedTuple):
    """When one attack speaks up.

    Attributes:
        scale: What the thresholds are compared with.
        note: A note past this.
        serious: Serious past this; None where the attack never is, or where ``scale`` says when.
        blocking: Blocking past this; None where the attack never is by a number alone.
        false_alarms: Upper bound on the share of clean readouts with a serious or blocking objection from this attack.
        past: Which side of a threshold is past it: "above" or "from" it on, "below" it or "down to" it.
    """

    scale: str
    note: float | None
    serious: float | None
    blocking: float | None
    false_alarms: float
    past: Literal["above", "from", "below", "down to"] = "above"

    def severity(self, value: float, worst: Severity = "blocking") -> Severity:
        """How bad a value is, by the worst threshold it is past.

        Args:
            value: On ``scale``.
            worst: The most that may be said of it here ("note" where serious takes more than the number).

        Example:
            >>> LEVELS["sample-ratio"].severity(0.005), LEVELS["outliers"].severity(0.9, "note")
            ('serious', 'note')
        """
        thresholds: tuple[tuple[Severity, float | None], ...] = (
            ("blocking", self.blocking),
            ("serious", self.serious),
            ("note", self.note),
        )
        allowed = [severity for severity, _ in thresholds]
        for severity, threshold in thresholds[allowed.index(worst) :]:
            if threshold is not None and _PAST[self.past](value, threshold):
                return severity
        return "none"


_PAST: dict[str, Callable[[float, float], bool]] = {
    "above": operator.gt,
    "from": operator.ge,
    "below": operator.lt,
    "down to": operator.le,
}

_BY_POLICY = "share of units or rows set aside by the plan's policy; blocking where the policy is to refuse"

LEVELS: dict[str, Level] = {
    "sample-ratio": Level("p of the whole (slices have their own line)", None, 0.01, 0.001, 0.010, "below"),
    "sample-ratio-slices": Level("p, corrected over all segments and days (Holm)", 0.01, 0.001, None, 0.001, "below"),
    "two-arms": Level(_BY_POLICY, 0.0, 0.01, None, 0.0),
    "duplicates": Level(_BY_POLICY, 0.0, 0.05, None, 0.0),
    "contradictions": Level(_BY_POLICY, 0.0, 0.05, None, 0.0),
    "missing-by-arm": Level("p, corrected over metrics and arms (Holm)", 0.01, 0.001, None, 0.001, "below"),
    "balance": Level("p over all arms, corrected over columns (Holm)", 0.01, 0.001, None, 0.001, "below"),
    "clusters": Level("p that so many clusters lie in one arm", None, None, 0.001, 0.001, "below"),
    "interference": Level(
        "p of a line over treated neighbours, corrected over arms", 0.01, 0.001, None, 0.001, "below"
    ),
    "versions": Level("p of versions that differ, corrected over arms", 0.01, 0.001, None, 0.001, "below"),
    "unblinded": Level("any look at outcomes before the committed end", None, 1, None, 0.0),
    "shared-units": Level("any other experiment read on the same units", None, 1, None, 0.0),
    "post-assignment": Level("any cut or filter by something measured after assignment", None, 1, None, 0.0),
    "looks": Level(
        "false-positive rate of the looks taken, as a multiple of the plan's alpha", 1.1, 2.0, None, 0.0, "from"
    ),
    "multiplicity": Level(
        "chance of a false positive; serious only without a registered plan", 0.1, 0.5, None, 0.0, "from"
    ),
    "false-positive-risk": Level(
        "risk, as a multiple of the plan's bound, where claimed; serious for a close call", 1, 2, None, 0.025
    ),
    "exaggeration": Level(
        "exaggeration factor at the minimum effect; serious where claimed", 1.25, 2.0, None, 0.0, "from"
    ),
    "fragility": Level(
        "units that overturn it; serious for a close call on a proportion", 10, 3, None, 0.002, "down to"
    ),
    "outliers": Level("largest unit's share of its arm's variation; serious for the primary", 0.25, 0.75, None, 0.001),
    "novelty": Level("p of a trend over days, corrected over arms (Holm)", 0.01, 0.001, None, 0.001, "below"),
    "simpson": Level("p that parts reverse (note); reversal of the whole (serious)", 0.01, 0.001, None, 0.001, "below"),
    "too-good": Level("near end of the interval, in minimum effects", None, 5.0, None, 0.001),
    "too-good-conversion": Level("near end of the relative interval of a proportion", None, 0.5, None, 0.0),
    "too-small": Level("estimate in minimum effects, where an effect is claimed", 1.0, None, None, 0.0, "below"),
    "sparse-data": Level(
        "events expected in the smaller arm; serious where a difference is found", 5, 5, None, 0.0, "below"
    ),
    "sparse-data-skew": Level(
        "skewness of the difference's statistic; serious where a difference is found", 0.1, 0.3, None, 0.0
    ),
}
"""Attack -> its alarm level."""
