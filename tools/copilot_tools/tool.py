"""What a tool is: a name, when to use it, an arguments model, a result model, a function. JSON in, JSON out."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from copilot_tools.validation import refusals_of

__all__ = ["Tool"]

A = TypeVar("A", bound=Frozen)
R = TypeVar("R", bound=Frozen)


@dataclass(frozen=True)
class Tool(Generic[A, R]):
    """One tool of the catalogue.

    Attributes:
        name: Stable name: lower-case words joined by underscores.
        summary: What it does, in one line.
        when: When to use it, for a person or a model that chooses among tools.
        arguments: What it takes.
        result: What it returns.
        function: The work; raises ``Refused`` where nothing can be answered.
        examples: Arguments that run, as JSON data; at least one.
    """

    name: str
    summary: str
    when: str
    arguments: type[A]
    result: type[R]
    function: Callable[[A], R]
    examples: tuple[dict[str, Any], ...]

    def run(self, given: Mapping[str, Any]) -> R:
        """Run on plain JSON data.

        Types are strict: text is no number and a number is no truth value.

        Raises:
            Refused: The arguments do not fit (every problem named), or nothing can be answered.
        """
        arguments = self.validated(given)
        try:
            return self.function(arguments)
        except (ArithmeticError, ValueError) as error:
            # A record takes neither NaN nor a result that is not finite (ValidationError is a ValueError), and sums and
            # logarithms say ValueError at the edge of the range of numbers: nothing neutral-looking gets out.
            raise Refused.because(
                "tool.not_computable",
                f"With these figures {self.name} leaves the range of numbers ({type(error).__name__}).",
                "Check the figures for a slip of the decimal point, or state them in another unit.",
            ) from error

    def run_json(self, text: str) -> R:
        """Run on JSON text.

        Raises:
            Refused: The text is not a JSON object, says a key twice, or ``run`` refuses.
        """
        try:
            given = json.loads(text, object_pairs_hook=_unique)
        except (ValueError, RecursionError) as error:
            raise Refused.because(
                "tool.not_json",
                f"The arguments of {self.name} are not JSON: {error}.",
                f"Give an object, such as {json.dumps(self.examples[0])}.",
                name="json",
                value=text[:80],
            ) from None
        return self.run(given)

    def validated(self, given: object) -> A:
        """The arguments as a record, or every problem as a refusal."""
        if not isinstance(given, Mapping):
            raise Refused.because(
                "tool.not_an_object",
                f"The arguments of {self.name} are a {type(given).__name__}, but must be an object: names to values.",
                f"Give an object, such as {json.dumps(self.examples[0])}.",
            )
        try:
            text = json.dumps(given)
        except (TypeError, ValueError, RecursionError) as error:
            raise Refused.because(
                "tool.not_json",
                f"The arguments of {self.name} cannot be written as JSON: {error}.",
                "Give text, numbers, truth values, lists and mappings only.",
            ) from None
        try:
            return self.arguments.model_validate_json(text, strict=True)
        except ValidationError as error:
            raise Refused(*refusals_of(error, given=json.loads(text), model=self.arguments)) from None

    def description(self) -> dict[str, Any]:
        """Name, purpose and JSON schemas: all that a caller needs to know."""
        schema = self.arguments.model_json_schema()
        schema["examples"] = list(self.examples)
        return {
            "name": self.name,
            "summary": self.summary,
            "when": self.when,
            "arguments": schema,
            "result": self.result.model_json_schema(mode="serialization"),
        }


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(n for n in names if names.count(n) > 1)!r} stands there twice")
    return found
