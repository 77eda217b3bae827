"""Multiplicity: how many comparisons were shown, and the chance that one of them looks like an effect by accident.

The chance is 1 - (1 - alpha)^m for m comparisons without any effect, were they independent; metrics that move together
make it smaller. The registered primary metric keeps its own alpha however many others are shown.

Alarm levels: a note from a chance of 10% on; serious from 50% on, but only without a registered plan (with one, it is
fixed which metric decides). No chance is involved.
"""

from __future__ import annotations

from copilot_tools.results import Objection
from copilot_tools.stats import formats
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.inference.multiplicity import family_wise_error_rate
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity._attack import Attack, plural

__all__ = ["ATTACK", "multiplicity"]

ATTACK = Attack("multiplicity", "Metrics and cuts")

FEWEST_LEVELS = 2
"""Parts a cut has at least: what is counted for cuts shown at earlier looks, whose parts are no longer at hand."""


def multiplicity(spec: AnalysisSpec, evidence: Evidence, reading: Reading, circumstances: Circumstances) -> Objection:
    """Count the comparisons shown so far and turn them into the chance of at least one false positive."""
    metrics = max(circumstances.metrics_looked, len({c.metric for c in reading.comparisons}))
    if metrics == 0:
        return ATTACK.cannot("no outcome was shown")
    parts = {(c.slice.dimension, c.slice.level) for c in reading.cuts}
    planned = {s.column for s in spec.segments}
    unplanned_here = {dimension for dimension, _ in parts} - planned
    earlier = max(circumstances.cuts_looked - len(unplanned_here), 0)
    slices = len(parts) + FEWEST_LEVELS * earlier
    tests = (metrics + slices) * len(spec.treatments)
    chance = family_wise_error_rate(spec.alpha, tests)
    severity = ATTACK.level.severity(chance, "note" if circumstances.planned else "serious")
    shown = [plural(metrics, "metric")]
    if slices:
        shown.append(plural(slices, "part of the units", "parts of the units"))
    in_arms = f" in {len(spec.treatments)} treatment arms" if len(spec.treatments) > 1 else ""
    make = "makes" if metrics + slices == 1 else "make"
    it = "it" if tests == 1 else "at least one"
    sentence = (
        f"{' and '.join(shown)}{in_arms} {make} {plural(tests, 'comparison')}: if nothing had any effect, "
        f"{it} would still look like a difference in {formats.share(chance)} of such readouts"
    )
    sentence += (
        f"; only {spec.primary.name} was registered to decide."
        if circumstances.planned
        else "; no plan says which decides."
    )
    cuts = max(circumstances.cuts_looked, len(unplanned_here))
    details = (f"{plural(cuts, 'cut was', 'cuts were')} not in the plan: material for the next test.",) if cuts else ()
    return ATTACK.finds(severity, sentence, value=chance, unit="risk", details=details, units=evidence.total_units)
