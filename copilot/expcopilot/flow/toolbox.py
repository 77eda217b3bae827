"""What the guide may use: calculators, the facts there are, one more cut, and the firewall's own judgment.

Nothing here approves, waives, amends, registers or drops anything; the one tool that touches data takes a look that is
counted, and refuses while outcomes are closed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Annotated, TypeVar

from pydantic import Field, ValidationError

from copilot_tools import catalogue
from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from copilot_tools.validation import refusals_of
from expcopilot.flow.calculations import calculation_facts, what_went_in
from expcopilot.flow.speech import tellable
from expcopilot.language.firewall.check import check
from expcopilot.language.model.protocol import ToolOffer
from expcopilot.language.roles.guide import Guidance
from expcopilot.language.roles.role import as_data
from expcopilot.records.answer import ToolCall
from expcopilot.records.digest import canonical
from expcopilot.records.fact import Fact
from expcopilot.records.look import Look
from expcopilot.records.plan import Plan
from expcopilot.records.prose import CheckedSentence

__all__ = ["Toolbox"]


A = TypeVar("A", bound=Frozen)


class _Nothing(Frozen):
    """No arguments."""


class _Cut(Frozen):
    column: Annotated[str, Field(min_length=1, max_length=200)]


class _Statements(Frozen):
    statements: Annotated[tuple[str, ...], Field(min_length=1, max_length=20)]


_OWN: dict[str, tuple[type[Frozen], str]] = {
    "experiment_facts": (
        _Nothing,
        "The facts of this experiment's last look, by id. When: the facts you were given do not say it.",
    ),
    "cut": (
        _Cut,
        "One more look at the data, by a column the plan does not name. When: a part of the audience is asked about.",
    ),
    "check_prose": (_Statements, "Whether statements would pass the gate, and why not. When: you are not sure."),
}


class Toolbox:
    """The tools of one answer, and what they brought.

    Args:
        facts: What may be named from the start.
        look: The look they are of, or None.
        plan: The plan in force, for the words of its facts.
        cut: Takes the look for a column: (column, call id) -> the look. None where there is nothing to cut.

    Attributes:
        facts: By id; grows with what tools bring.
        row: Row of the verdict table; "" where there is none.
        notes: What code must add to the answer, in order.
        looks: Numbers of the looks taken for it.
    """

    def __init__(
        self,
        facts: Mapping[str, Fact],
        look: Look | None,
        plan: Plan | None,
        cut: Callable[[str, str], Look] | None,
    ) -> None:
        self.facts = dict(facts)
        self.notes: list[str] = []
        self.looks: list[int] = []
        self._look, self._plan, self._cut = look, plan, cut
        self.row = look.verdict.row.value if look is not None and look.plan_digest else ""
        self._calculations = 0
        self._ran: dict[str, str] = {}

    def offers(self) -> tuple[ToolOffer, ...]:
        """What the model is offered, always in the same order, so that a provider can cache it."""
        own = [
            ToolOffer(name=name, description=said, schema_=arguments.model_json_schema())
            for name, (arguments, said) in _OWN.items()
        ]
        return (*own, *_calculators())

    def run(self, call: ToolCall) -> str:
        """Run one call; its result as JSON text, the same however often the conversation comes back to that call.

        Raises:
            Refused: It cannot be answered; the model is told why, in words that hold nothing of the data.
        """
        # A question put afresh goes through its turns again: other words for the same call would be another request.
        key = canonical(call.to_json())
        if key not in self._ran:
            self._ran[key] = self._result(call)
        return self._ran[key]

    def _result(self, call: ToolCall) -> str:
        match call.name:
            case "experiment_facts":
                _arguments(_Nothing, call)
                return self._told(self.facts.values())
            case "cut":
                return self._told(self._looked(_arguments(_Cut, call).column, call.id))
            case "check_prose":
                return self._judged(_arguments(_Statements, call).statements)
            case _:
                return self._calculated(call)

    def _told(self, facts: Iterable[Fact]) -> str:
        return canonical({"facts": str(as_data(tuple(facts)))})

    def _looked(self, column: str, call: str) -> list[Fact]:
        if self._cut is None or self._look is None:
            raise Refused.because("ask.closed", "There is no data here whose outcomes are open.", "Answer without.")
        try:
            look = self._cut(column, call)
        except Refused as refused:
            # The person reads the whole reason. It may quote cells of the data: the model learns only that it failed.
            self.notes.append(f"The data was not cut: {' '.join(str(r) for r in refused.refusals)}")
            safe = [r for r in refused.refusals if r.code in {"ask.closed", "ask.no_data", "ask.data_changed"}]
            if safe:
                raise Refused(*safe) from None
            raise Refused.because(
                "ask.not_cut", "The data could not be cut by this column; the person is told why.", "Answer without."
            ) from None
        brought = tellable(look, self._plan)
        known = set(self.facts)
        self.facts.update(brought)
        if look.number > self._look.number and look.number not in self.looks:
            self.looks.append(look.number)
        return [f for f in brought.values() if f.id not in known or f.kind == "verdict" or f.id.startswith("looks")]

    def _judged(self, texts: tuple[str, ...]) -> str:
        found = []
        for statement in Guidance(statements=texts).spoken(self.facts):
            result = check(statement, self.facts, verdict_row=self.row)
            passed = isinstance(result, CheckedSentence)
            found.append({"passed": passed, "reasons": [] if isinstance(result, CheckedSentence) else result.reasons})
        return canonical({"statements": found})

    def _calculated(self, call: ToolCall) -> str:
        tool = catalogue.find(call.name)
        given = tool.validated(call.input)
        result = tool.run(call.input).to_json()
        self._calculations += 1
        facts = calculation_facts(self._calculations, tool, result)
        self.facts.update(facts)
        self.notes.append(what_went_in(self._calculations, tool, given.to_json()))
        return canonical({"result": result, "facts": str(as_data(tuple(facts.values())))})


def _arguments(kind: type[A], call: ToolCall) -> A:
    try:
        return kind.model_validate_json(canonical(call.input), strict=True)
    except ValidationError as error:
        raise Refused(*refusals_of(error, given=call.input, model=kind)) from None


@cache
def _calculators() -> tuple[ToolOffer, ...]:
    return tuple(
        ToolOffer(
            name=tool.name, description=f"{tool.summary} When: {tool.when}", schema_=tool.arguments.model_json_schema()
        )
        for tool in catalogue.tools()
    )
