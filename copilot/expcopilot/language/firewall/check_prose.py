"""The firewall as a tool: statements and facts as JSON in; for each statement a pass, or the reasons."""

from __future__ import annotations

from pydantic import Field, ValidationError

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from copilot_tools.stats.verdict_table import PHRASES
from copilot_tools.tool import Tool
from expcopilot.language.firewall.check import check
from expcopilot.records.fact import Fact, FactKind
from expcopilot.records.prose import CheckedSentence, Section, Statement

__all__ = ["CHECK_PROSE", "CheckProseArguments", "CheckProseResult", "GivenFact", "StatementResult", "check_prose"]

_KINDS: dict[str, FactKind] = {
    "effect": "effect",
    "lift": "effect",
    "difference": "effect",
    "interval": "interval",
    "direction": "direction",
    "comparison": "comparison",
    "phrase": "verdict",
    "verdict": "verdict",
    "level": "level",
    "rate": "level",
    "mean": "level",
    "count": "count",
    "units": "count",
    "looks": "count",
    "date": "date",
    "metric": "name",
    "name": "name",
}
_FAMILIES: dict[str, FactKind] = {
    "arm": "name",
    "metric": "name",
    "segment": "name",
    "part": "name",
    "verdict": "verdict",
    "objection": "objection",
    "definition": "definition",
    "glossary": "definition",
    "hypothesis": "text",
    "plan": "text",
}


class GivenFact(Frozen):
    """A fact as a caller states it.

    Attributes:
        value: The number, or the words that would stand on the page.
        unit: Of a number: "relative", "points", "share", "units", "$", ...
        metric: The metric it is about.
        arm: The arm it is about.
        planned: Whether the registered plan asked for it.
        kind: What it is; read off the id when left out, and the strictest kind where the id does not say.
        text: How it stands on the page; the value when left out.
        part: The slice it is about; "" for everyone.
    """

    value: float | str | None = None
    unit: str = ""
    metric: str | None = None
    arm: str | None = None
    planned: bool = True
    kind: FactKind | None = None
    text: str | None = None
    part: str = ""


class CheckProseArguments(Frozen):
    """What ``check_prose`` takes.

    Attributes:
        statements: Sentences with slots, such as "The estimate is {primary.b.effect}."
        facts: By id.
        verdict: The row of the verdict table, or its phrase; "" where there is none.
        section: Where the statements would stand.
    """

    statements: tuple[str, ...] = Field(min_length=1, max_length=500)
    facts: dict[str, GivenFact] = Field(default_factory=dict)
    verdict: str = ""
    section: Section = "finding"


class StatementResult(Frozen):
    """What became of one statement.

    Attributes:
        statement: As given.
        passed: Whether it may reach a reader.
        text: As it would stand on the page; "" when it was blocked.
        reasons: Why it was blocked; empty when it passed.
    """

    statement: str
    passed: bool
    text: str = ""
    reasons: tuple[str, ...] = ()


class CheckProseResult(Frozen):
    """One result for each statement, in order.

    Attributes:
        statements: What became of each.
        passed: How many passed.
        blocked: How many did not.
    """

    statements: tuple[StatementResult, ...]
    passed: int
    blocked: int


def check_prose(arguments: CheckProseArguments) -> CheckProseResult:
    """Check statements against facts.

    Raises:
        Refused: An id is not written as ids are, or the verdict is none of the table's.
    """
    facts = _facts(arguments.facts)
    row = _row(arguments.verdict)
    results = []
    for text in arguments.statements:
        found = check(Statement(text=text, section=arguments.section), facts, verdict_row=row)
        if isinstance(found, CheckedSentence):
            results.append(StatementResult(statement=text, passed=True, text=found.text))
        else:
            results.append(StatementResult(statement=text, passed=False, reasons=found.reasons))
    passed = sum(r.passed for r in results)
    return CheckProseResult(statements=tuple(results), passed=passed, blocked=len(results) - passed)


def _facts(given: dict[str, GivenFact]) -> dict[str, Fact]:
    facts: dict[str, Fact] = {}
    problems = []
    for name, fact in given.items():
        number = fact.value if isinstance(fact.value, float) else None
        said = fact.text if fact.text is not None else _said(fact)
        try:
            facts[name] = Fact(
                id=name,
                kind=fact.kind or _kind(name, number=number is not None),
                text=said,
                value=number,
                unit=fact.unit,
                metric=fact.metric,
                arm=fact.arm,
                part=fact.part,
                planned=fact.planned,
            )
        except ValidationError:
            problems.append(
                Refusal(
                    code="prose.fact_id",
                    reason=f"{name!r} is no id of a fact.",
                    cure="Write lower-case words joined by dots, such as primary.b.effect.",
                    name="facts",
                    value=name,
                )
            )
    refuse_if_any(problems)
    return facts


def _said(fact: GivenFact) -> str:
    if fact.value is None:
        return fact.arm or fact.metric or fact.part or "not assessable"
    if isinstance(fact.value, str):
        return fact.value
    return f"{fact.value:g} {fact.unit}".rstrip()


def _kind(name: str, *, number: bool) -> FactKind:
    first, last = name.split(".", maxsplit=1)[0], name.rsplit(".", maxsplit=1)[-1]
    if last in _KINDS and not (number and _KINDS[last] == "name"):
        return _KINDS[last]
    if number:
        return "effect"
    return _FAMILIES.get(first, "comparison")


def _row(verdict: str) -> str:
    rows = {row.value for row in PHRASES} | {""}
    if verdict in rows:
        return verdict
    for row, phrase in PHRASES.items():
        if verdict == phrase or verdict.startswith(f"{phrase}, but "):
            return row.value
    raise Refused.because(
        "prose.verdict",
        f"{verdict!r} is no verdict of the table.",
        f"Give one of {', '.join(sorted(rows - {''}))}, or leave it out.",
        name="verdict",
        value=verdict[:80],
    )


CHECK_PROSE = Tool(
    name="check_prose",
    summary="Check sentences with slots: whatever judges must come from a fact.",
    when="Before prose about an experiment reaches a reader, or to learn why a sentence was kept back.",
    arguments=CheckProseArguments,
    result=CheckProseResult,
    function=check_prose,
    examples=(
        {
            "statements": ["On {primary.metric}, the estimate for {arm.b} is {primary.b.effect}.", "B clearly won."],
            "facts": {
                "primary.metric": {"value": "visits", "metric": "visits"},
                "arm.b": {"value": "B", "arm": "b"},
                "primary.b.effect": {"value": 0.043, "unit": "relative", "metric": "visits", "arm": "b"},
            },
            "verdict": "supported",
        },
    ),
)
"""The tool as the catalogue and the agent list it."""
