"""Counts as typed on a command line.

``control=10000:520`` is 10,000 units of which 520 succeeded; ``control=10000:32000:9100000`` adds the sum and the sum
of squares of a number per unit; ``control=10000:mean=3.2:sd=30`` gives its mean and sample standard deviation.
"""

from __future__ import annotations

from collections.abc import Iterable

from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.stats.sources.counts.arm_counts import VALUES, ArmCounts, read_counts

__all__ = ["parse_arm", "parse_arms"]


def parse_arm(text: str, *, metric: str | None = None) -> ArmCounts:
    """Read ``NAME=N:SUCCESSES``, ``NAME=N:SUM:SUM_OF_SQUARES`` or ``NAME=N:mean=MEAN:sd=SD``.

    Args:
        text: As typed. Numbers have a decimal point and no thousands separators.
        metric: The metric meant, if it has a name.

    Raises:
        Refused: The text cannot be read, or its numbers cannot be counts; every problem is listed.

    Example:
        >>> parse_arm("b=10100:581").n
        10100
        >>> round(parse_arm("b=10000:mean=3.2:sd=30").moments.variance(), 6)
        900.0
    """
    arm, equals, rest = text.partition("=")
    where = f"--arm {text!r}"
    if not equals or not arm.strip() or not rest.strip():
        raise _badly_typed(text)
    fields: dict[str, str] = {}
    positional: list[str] = []
    for part in rest.split(":"):
        name, has_name, value = part.partition("=")
        if not has_name:
            positional.append(part)
        elif name.strip() not in {"n", *VALUES} or name.strip() in fields:
            raise _badly_typed(text)
        else:
            fields[name.strip()] = value
    places = ("n", "sum", "sum_of_squares") if len(positional) == 3 else ("n", "successes")
    if len(positional) > 3 or fields.keys() & set(places[: len(positional)]):
        raise _badly_typed(text)
    fields |= dict(zip(places, positional, strict=False))
    counts, problems = read_counts(fields, arm=arm.strip(), metric=metric, where=where)
    if counts is not None and not counts.n:
        problems.append(
            Refusal(
                code="counts.n_zero",
                reason=f"{where}: the arm has 0 units.",
                cure="Leave the arm out, or wait until it has units.",
                name="n",
                value=0,
            )
        )
    if counts is None or problems:
        raise Refused(*problems)
    return counts


def parse_arms(texts: Iterable[str], *, metric: str | None = None) -> tuple[ArmCounts, ...]:
    """Read every typed arm; the problems of all of them are raised together.

    Raises:
        Refused: With every problem of every text.
    """
    found: list[ArmCounts] = []
    problems: list[Refusal] = []
    for text in texts:
        try:
            found.append(parse_arm(text, metric=metric))
        except Refused as refused:
            problems.extend(refused.refusals)
    refuse_if_any(problems)
    return tuple(found)


def _badly_typed(text: str) -> Refused:
    return Refused.because(
        "counts.arm_format",
        f"--arm {text!r} cannot be read.",
        "Write NAME=N:SUCCESSES (control=10000:520), NAME=N:SUM:SUM_OF_SQUARES, or NAME=N:mean=3.2:sd=30.",
        name="arm",
        value=text,
    )
