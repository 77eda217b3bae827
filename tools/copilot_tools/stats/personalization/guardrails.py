"""Guardrails in every segment: is anybody harmed, and is everybody shown to be safe, whatever the average says?

Harm is a claim in some segment, so it is corrected over all segments and guardrails (Holm). Safety is claimed for each
by an interval; intervals hold jointly (Bonferroni), so that all of them together are believed at 1 - alpha.

References:
    Holm (1979), Scand. J. Statistics 6. Kohavi, Tang & Xu (2020), Trustworthy Online Controlled Experiments,
    chapter 21.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from copilot_tools import checks
from copilot_tools.refusals import Refusal, Refused
from copilot_tools.results import Interval
from copilot_tools.stats import formats
from copilot_tools.stats.inference import tails
from copilot_tools.stats.inference.multiplicity import holm
from copilot_tools.stats.personalization.effects import Effect, effect_of_part
from copilot_tools.stats.personalization.findings import GuardedCell, SegmentGuardrails
from copilot_tools.stats.personalization.given import GuardrailCell

__all__ = ["guard_segments"]


def guard_segments(cells: Sequence[GuardrailCell], *, alpha: float = 0.025) -> SegmentGuardrails:
    """Read every guardrail in every segment, with one error rate for all.

    Use it where an average may hide a segment that is harmed.

    Args:
        cells: One a guardrail and segment.
        alpha: One-sided: chance that any harm is called where there is none, and again that any cell that is worse
            than its margin is called safe, in (0, 1).

    Raises:
        Refused: No cell, one given twice, or none that can be assessed.
    """
    checks.between("alpha", alpha, 0, 1)
    names = [(c.guardrail, c.name) for c in cells]
    if not names:
        raise Refused.because("guardrails.none", "There is no guardrail to read.", "Give at least one.", name="cells")
    if twice := next((n for n in names if names.count(n) > 1), None):
        raise Refused.because(
            "guardrails.cell_twice",
            f"{twice[0]} in {twice[1]} stands there twice.",
            "Add its figures up: no unit may be in two segments.",
            name="cells",
            value=twice[0],
        )
    effects = [_effect(c) for c in cells]
    usable = [e for e in effects if isinstance(e, Effect)]
    if not usable:
        raise Refused(*dict.fromkeys(e for e in effects if isinstance(e, Refusal)))
    corrected = iter(holm([e.p_value("less") for e in usable]).tolist())
    each = alpha / len(usable)
    read = tuple(
        _cell(c, e, each, next(corrected) if isinstance(e, Effect) else 1.0, alpha)
        for c, e in zip(cells, effects, strict=True)
    )
    harmed = sorted((c for c in read if c.standing.startswith("harmed")), key=lambda c: c.p_harm or 0.0)
    return SegmentGuardrails(
        cells=read,
        harmed=tuple(f"{c.guardrail} in {c.segment}" for c in harmed),
        all_safe=all(c.standing in {"safe", "harmed within the margin"} for c in read),
        sentence=_sentence(read, harmed),
    )


def _effect(cell: GuardrailCell) -> Effect | Refusal:
    """In the direction that is better; or why there is none."""
    try:
        found = effect_of_part(cell)
    except Refused as refused:
        return refused.refusals[0]
    return found if cell.better == "increase" else Effect(-found.value, found.variance, found.df)


def _cell(cell: GuardrailCell, effect: Effect | Refusal, each: float, p: float, alpha: float) -> GuardedCell:
    if isinstance(effect, Refusal):
        return GuardedCell(
            segment=cell.name,
            guardrail=cell.guardrail,
            effect=None,
            interval=None,
            p_harm=None,
            standing="not assessable",
            reason=str(effect),
        )
    df = None if math.isinf(effect.df) else effect.df
    low = effect.value - tails.critical_value(each, 1, df) * effect.standard_error
    safe, harmed = low > -cell.margin, p < alpha
    standing: Literal["harmed", "harmed within the margin", "safe", "open"] = "safe" if safe else "open"
    if harmed:
        standing = "harmed within the margin" if safe else "harmed"
    return GuardedCell(
        segment=cell.name,
        guardrail=cell.guardrail,
        effect=effect.value,
        interval=Interval(low=low, high=math.inf, level=round(1 - each, 12)),
        p_harm=p,
        standing=standing,
    )


def _sentence(read: Sequence[GuardedCell], harmed: Sequence[GuardedCell]) -> str:
    counts = {name: sum(c.standing == name for c in read) for name in ("safe", "open", "not assessable")}
    rest = f"{counts['safe']} safe, {counts['open']} open, {counts['not assessable']} not assessable"
    if not harmed:
        return f"No guardrail is worse beyond chance in any segment, corrected for {len(read)} cells ({rest})."
    worst = ", ".join(f"{c.guardrail} in {c.segment} ({formats.p_value(c.p_harm or 0.0)} corrected)" for c in harmed)
    return f"Worse beyond chance: {worst}. Of {len(read)} cells: {rest}."
