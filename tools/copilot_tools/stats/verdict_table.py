"""The rows of the verdict table, what they are called, and which row an interval falls into.

The table is read from the top. [L, U] is the primary effect's interval in the desired direction, simultaneous across
arms, and m the registered minimum effect that matters. An end exactly at 0 counts as including 0; an end exactly at m
counts as reaching it.
"""

from __future__ import annotations

import enum

from copilot_tools.results import Interval
from copilot_tools.stats.spec import AnalysisSpec

__all__ = ["CLAIMS", "PHRASES", "REASONS", "Row", "classify", "row_of"]


class Row(enum.StrEnum):
    """The rows of the verdict table, from the top."""

    INVALID = "invalid"
    HARM = "harm"
    NOT_YET = "not_yet"
    CONTINUE = "continue"
    REFUTED_HARMFUL = "refuted_harmful"
    SUPPORTED = "supported"
    SUPPORTED_SIZE_UNRESOLVED = "supported_size_unresolved"
    TOO_SMALL = "too_small"
    INCONCLUSIVE = "inconclusive"
    REFUTED_NO_EFFECT = "refuted_no_effect"
    GAIN_RULED_OUT = "gain_ruled_out"
    NOT_WORSE = "not_worse"
    NOT_SHOWN_NOT_WORSE = "not_shown_not_worse"
    AA_CLEAN = "aa_clean"
    AA_DIFFERENT = "aa_different"
    EXPLORATORY = "exploratory"
    NOT_ASSESSABLE = "not_assessable"


PHRASES: dict[Row, str] = {
    Row.INVALID: "invalid",
    Row.HARM: "harm: stop",
    Row.NOT_YET: "not yet (blinded)",
    Row.CONTINUE: "continue",
    Row.REFUTED_HARMFUL: "refuted: harmful",
    Row.SUPPORTED: "supported: at least what matters",
    Row.SUPPORTED_SIZE_UNRESOLVED: "supported: size unresolved",
    Row.TOO_SMALL: "real, too small to matter",
    Row.INCONCLUSIVE: "inconclusive",
    Row.REFUTED_NO_EFFECT: "refuted: no effect that matters",
    Row.GAIN_RULED_OUT: "the hoped-for gain is ruled out, harm is not",
    Row.NOT_WORSE: "supported: not worse by the margin",
    Row.NOT_SHOWN_NOT_WORSE: "not shown: could be worse by the margin",
    Row.AA_CLEAN: "A/A: no difference found",
    Row.AA_DIFFERENT: "A/A: a difference where there should be none",
    Row.EXPLORATORY: "exploratory: points the hoped-for way, no conclusion",
    Row.NOT_ASSESSABLE: "cannot be assessed",
}
"""A row in a few words."""

REASONS: dict[Row, str] = {
    Row.REFUTED_HARMFUL: "the whole interval lies on the harmful side of zero",
    Row.SUPPORTED: "the whole interval reaches what matters",
    Row.SUPPORTED_SIZE_UNRESOLVED: "the interval excludes zero, but both more and less than what matters "
    "remain possible",
    Row.TOO_SMALL: "the interval excludes zero, and also excludes everything that matters",
    Row.INCONCLUSIVE: "the interval includes both zero and what matters",
    Row.REFUTED_NO_EFFECT: "the interval excludes every effect that matters, in either direction",
    Row.GAIN_RULED_OUT: "the interval excludes the gain that matters, but not a loss of the same size",
    Row.NOT_WORSE: "the interval excludes a worsening by the margin",
    Row.NOT_SHOWN_NOT_WORSE: "the interval includes a worsening by the margin",
    Row.AA_CLEAN: "the interval includes zero, as it should",
    Row.AA_DIFFERENT: "the interval excludes zero although the arms are the same",
}
"""Why an interval falls into a row: a clause. Rows that no interval decides have none."""

CLAIMS = frozenset({Row.SUPPORTED, Row.SUPPORTED_SIZE_UNRESOLVED, Row.TOO_SMALL, Row.NOT_WORSE})
"""Rows that claim something in favour of the change: what a disqualified reading must never say."""


def classify(low: float, high: float, m: float) -> Row:
    """The row for an interval in the desired direction: total over every low <= high and m > 0.

    Used by the decision, and by whoever wants to see what another interval would have meant.
    """
    if high < 0:
        return Row.REFUTED_HARMFUL
    if low >= m:
        return Row.SUPPORTED
    if low > 0:
        return Row.SUPPORTED_SIZE_UNRESOLVED if high >= m else Row.TOO_SMALL
    if high >= m:
        return Row.INCONCLUSIVE
    return Row.REFUTED_NO_EFFECT if low > -m else Row.GAIN_RULED_OUT


def row_of(spec: AnalysisSpec, wanted: Interval) -> Row:
    """The row for the primary effect's interval in the desired direction, on the deciding scale, by the plan's goal."""
    if spec.tolerated is not None:
        return Row.NOT_WORSE if wanted.low > -spec.tolerated.size else Row.NOT_SHOWN_NOT_WORSE
    if spec.goal == "aa":
        return Row.AA_CLEAN if wanted.low <= 0 <= wanted.high else Row.AA_DIFFERENT
    return classify(wanted.low, wanted.high, spec.minimum_effect.size)
