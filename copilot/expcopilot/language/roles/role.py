"""What a role is: a prompt's name, what the prompt reads, what the answer must be, and what else is asked of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from copilot_tools.base import Frozen
from expcopilot.language.ask import Question
from expcopilot.language.model.protocol import Message
from expcopilot.records.fact import Fact

__all__ = ["Inputs", "Role", "as_data"]


class Inputs(Frozen):
    """What a role is told. Each field is a variable of its prompt."""

    def variables(self) -> dict[str, Any]:
        """The prompt's variables: texts and numbers as they are, lists one item a line, records as JSON."""
        return {name: as_data(getattr(self, name)) for name in type(self).model_fields}


I = TypeVar("I", bound=Inputs)  # noqa: E741 - inputs
A = TypeVar("A", bound=Frozen)


@dataclass(frozen=True)
class Role(Generic[I, A]):
    """Who the model is asked to be.

    Attributes:
        name: Folder of its prompts, and its name in the books.
        inputs: What it is told.
        answer: What it must answer.
        max_tokens: Upper bound of the answer's length, thinking included.
        complaints: What is wrong with an answer that has the right form, one plain sentence each, addressed to the
            model: reason for one repair turn.
    """

    name: str
    inputs: type[I]
    answer: type[A]
    max_tokens: int
    complaints: Callable[[I, A], Sequence[str]] | None = None

    def question(self, inputs: I, *, history: tuple[Message, ...] = (), again: int = 0) -> Question[A]:
        """What to hand to ``ask`` or ``converse``.

        Args:
            inputs: What the role is told this time.
            history: Turns before this one, oldest first.
            again: How often a person has asked for a fresh answer.
        """
        complaints = self.complaints
        return Question(
            role=self.name,
            variables=inputs.variables(),
            answer=self.answer,
            max_tokens=self.max_tokens,
            history=history,
            complaints=None if complaints is None else lambda answer: complaints(inputs, answer),
            again=again,
        )


def as_data(value: object) -> object:
    """A value as a prompt shows it: JSON for what people typed into records, so that no text can pose as structure.

    Example:
        >>> print(as_data((Fact(id="units", kind="count", text="20,100", unit="units"),)))
        {"id": "units", "kind": "count", "reads": "20,100", "unit": "units"}
        >>> as_data(())
        '(none)'
    """
    if isinstance(value, tuple):
        return "\n".join(_line(item) for item in value) or "(none)"
    if isinstance(value, str):
        return value.strip() or "(none)"
    return value


def _line(item: object) -> str:
    if isinstance(item, Fact):
        return json.dumps(_seen(item), ensure_ascii=False)
    if isinstance(item, Frozen):
        return json.dumps(item.to_json(), ensure_ascii=False)
    return json.dumps(item, ensure_ascii=False)


def _seen(fact: Fact) -> dict[str, object]:
    """What a model needs of a fact to place its name: how it reads and what it is about; not its value or origin."""
    unit = fact.unit if fact.kind == "count" else ""
    about = {"unit": unit, "metric": fact.metric, "arm": fact.arm, "part": fact.part}
    seen: dict[str, object] = {"id": fact.id, "kind": fact.kind, "reads": fact.text}
    seen |= {name: said for name, said in about.items() if said}
    return seen if fact.planned else {**seen, "planned": False}
