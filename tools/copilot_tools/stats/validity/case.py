"""The case for the null: every attack on a reading, worst first. It always speaks.

An attack takes only what it needs: those of ``blinded_checks`` see neither a reading nor a metric's moments.
"""

from __future__ import annotations

from collections.abc import Callable

from copilot_tools.refusals import Refused
from copilot_tools.results import Objection, Severity
from copilot_tools.stats.circumstances import Circumstances
from copilot_tools.stats.evidence import Evidence
from copilot_tools.stats.reading import Reading
from copilot_tools.stats.spec import AnalysisSpec
from copilot_tools.stats.validity import (
    balance,
    clusters,
    contradictions,
    duplicates,
    exaggeration,
    false_positive_risk,
    fragility,
    interference,
    looks,
    missing_by_arm,
    multiplicity,
    novelty,
    outliers,
    post_assignment,
    sample_ratio,
    shared_units,
    simpson,
    sparse_data,
    too_good,
    too_small,
    two_arms,
    unblinded,
    versions,
)
from copilot_tools.stats.validity._attack import Attack

__all__ = ["SEVERITIES", "blinded_checks", "case_for_null"]

SEVERITIES: tuple[Severity, ...] = ("blocking", "serious", "note", "not assessable", "none")
"""Worst first. What could not be assessed comes before what was looked into and found sound."""

Attempt = tuple[Attack, Callable[[], Objection]]


def case_for_null(
    spec: AnalysisSpec, evidence: Evidence, reading: Reading, circumstances: Circumstances
) -> tuple[Objection, ...]:
    """Assemble the strongest case that the result is noise, or not what it seems.

    Args:
        spec: What was registered.
        evidence: Moments and counts.
        reading: The estimates.
        circumstances: How the reading stands in the ledger.

    Returns:
        One objection per attack, worst first; an attack without its data says what is missing. Those on clusters and
        versions speak where the plan names such columns.
    """
    return _worst_first(
        [
            *_grouped(spec, evidence),
            *_blind(spec, evidence, circumstances),
            (post_assignment.ATTACK, lambda: post_assignment.post_assignment(spec, evidence)),
            (looks.ATTACK, lambda: looks.looks(spec, circumstances)),
            (
                false_positive_risk.ATTACK,
                lambda: false_positive_risk.false_positive_risk(spec, reading),
            ),
            (simpson.ATTACK, lambda: simpson.simpson(spec, evidence)),
            (novelty.ATTACK, lambda: novelty.novelty(spec, evidence)),
            (outliers.ATTACK, lambda: outliers.outliers(spec, evidence)),
            (sparse_data.ATTACK, lambda: sparse_data.sparse_data(spec, evidence, reading)),
            (too_good.ATTACK, lambda: too_good.too_good(spec, reading)),
            (exaggeration.ATTACK, lambda: exaggeration.exaggeration(spec, reading)),
            (fragility.ATTACK, lambda: fragility.fragility(spec, evidence, reading)),
            (multiplicity.ATTACK, lambda: multiplicity.multiplicity(spec, evidence, reading, circumstances)),
            (too_small.ATTACK, lambda: too_small.too_small(spec, reading)),
        ]
    )


def blinded_checks(spec: AnalysisSpec, evidence: Evidence, circumstances: Circumstances) -> tuple[Objection, ...]:
    """The attacks that may be made while outcomes are closed: nothing here is computed from outcomes by arm.

    Returns:
        One objection per attack, worst first.
    """
    return _worst_first(_blind(spec, evidence.only_metrics(()), circumstances))


def _grouped(spec: AnalysisSpec, evidence: Evidence) -> list[Attempt]:
    """Attacks on what a plan may say about its units beside their arm; without it there is nothing to attack."""
    attempts: list[Attempt] = []
    if spec.clusters is not None:
        attempts.append((interference.ATTACK, lambda: interference.interference(spec, evidence)))
    if any(s.versions for s in spec.segments):
        attempts.append((versions.ATTACK, lambda: versions.versions(spec, evidence)))
    return attempts


def _blind(spec: AnalysisSpec, evidence: Evidence, circumstances: Circumstances) -> list[Attempt]:
    grouped: list[Attempt] = []
    if spec.clusters is not None:
        grouped.append((clusters.ATTACK, lambda: clusters.clusters(spec, evidence)))
    return [
        *grouped,
        (sample_ratio.ATTACK, lambda: sample_ratio.sample_ratio(spec, evidence)),
        (two_arms.ATTACK, lambda: two_arms.two_arms(spec, evidence)),
        (duplicates.ATTACK, lambda: duplicates.duplicates(spec, evidence)),
        (contradictions.ATTACK, lambda: contradictions.contradictions(spec, evidence)),
        (missing_by_arm.ATTACK, lambda: missing_by_arm.missing_by_arm(spec, evidence)),
        (balance.ATTACK, lambda: balance.balance(spec, evidence)),
        (unblinded.ATTACK, lambda: unblinded.unblinded(circumstances)),
        (shared_units.ATTACK, lambda: shared_units.shared_units(evidence, circumstances)),
    ]


def _worst_first(attempts: list[Attempt]) -> tuple[Objection, ...]:
    objections = [_attempt(*attempt) for attempt in attempts]
    return tuple(sorted(objections, key=lambda o: SEVERITIES.index(o.severity)))


def _attempt(attack: Attack, make: Callable[[], Objection]) -> Objection:
    """The objection, or where the attack refuses, what it lacks."""
    try:
        return make()
    except Refused as refused:
        return attack.cannot("; ".join(r.reason.rstrip(".") for r in refused.refusals))
