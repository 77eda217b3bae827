"""Facts: everything that judges, written by code. The model writes their names; code writes them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from copilot_tools.base import Frozen

__all__ = ["Fact", "FactKind"]

FactKind = Literal[
    "name",  # of an arm, metric, segment, experiment
    "level",  # a metric's value in one arm
    "effect",  # an effect with its sign and unit
    "interval",
    "direction",  # "higher", "lower", "no clear difference"
    "comparison",  # an effect against what matters, in words
    "verdict",
    "count",
    "date",
    "objection",  # a whole computed sentence
    "definition",  # a glossary entry
    "text",  # the plan's own words: change, audience, because, question
]


class Fact(Frozen):
    """One named fact.

    Attributes:
        id: What a model writes in braces: lower-case dotted words, such as ``primary.b.effect``.
        kind: What it is.
        text: How it stands on the page, with sign and unit: "+4.3%".
        value: The number behind it, unrounded, where there is one.
        unit: Of ``value``: "relative", "points", "share", "units", "$", ...
        metric: The metric it is about, or None.
        arm: The arm it is about, or None.
        part: The slice it is about; "" for everyone.
        planned: Whether the registered plan asked for it; an unplanned one stands only among the exploratory.
        units: How many units are behind it, or None where it is no aggregate; below the plan's k no model sees it.
        tool: The tool that made it.
        entry: Position of its ledger entry; 0 before it is in the ledger.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*(\.[a-z0-9_]+)*$")]
    kind: FactKind
    text: str
    value: float | None = None
    unit: str = ""
    metric: str | None = None
    arm: str | None = None
    part: str = ""
    planned: bool = True
    units: int | None = None
    tool: str = ""
    entry: int = 0
