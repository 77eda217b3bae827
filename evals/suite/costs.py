"""What a run will cost, told before it starts: tokens a case as they were measured, times the price table's prices."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from copilot_tools.base import Frozen
from expcopilot.language.model.prices import Price, PriceTable
from expcopilot.records.answer import Usage
from suite.results import Result, Run

__all__ = ["Estimate", "Measured", "estimate", "load_measured", "measured", "priced", "save_measured"]


class Measured(Frozen):
    """What one task's cases took, in a run that was made.

    Attributes:
        cases: How many cases were gone through.
        input_tokens: Read by the model in all of them.
        output_tokens: Written by it.
    """

    cases: int
    input_tokens: int
    output_tokens: int


class Estimate(Frozen):
    """What a run will cost, as far as that can be told.

    Attributes:
        cases: How many cases.
        input_tokens: To be read, or None where a task was never measured.
        output_tokens: To be written.
        dollars: US dollars without the discount of a cache, or None where tokens or price are not known.
        price: The price, or None where it is not known.
        basis: What the tokens are from: "scripts" or the model's own last run.
    """

    cases: int
    input_tokens: int | None
    output_tokens: int | None
    dollars: float | None
    price: Price | None
    basis: str

    def __str__(self) -> str:
        said = f"{self.cases} cases"
        if self.input_tokens is None or self.output_tokens is None:
            return f"{said}; how many tokens they take was never measured"
        said += (
            f", about {self.input_tokens:,} tokens read and {self.output_tokens:,} written (measured with {self.basis})"
        )
        if self.price is None or self.dollars is None:
            return f"{said}; the price is not known"
        return (
            f"{said}: about ${self.dollars:,.2f} at ${self.price.input:g} and ${self.price.output:g} a million tokens "
            f"(prices of {self.price.dated}). A cache makes it cheaper; a model that thinks writes more."
        )


def priced(model: str, own: Mapping[str, float] | None) -> Price | None:
    """The price of a model: one's own, else the product's table's; None where neither knows it."""
    table = PriceTable.shipped()
    return (table.with_prices({model: dict(own)}) if own else table).price(model)


def measured(results: tuple[Result, ...]) -> dict[str, Measured]:
    """Task's name -> what those cases took that came to their end."""
    ended = {result.task: [one for one in result.judged if not one.failed] for result in results}
    return {
        task: Measured(
            cases=len(cases),
            input_tokens=sum(one.input_tokens for one in cases),
            output_tokens=sum(one.output_tokens for one in cases),
        )
        for task, cases in ended.items()
        if cases
    }


def estimate(
    cases: Mapping[str, int], price: Price | None, own: Mapping[str, Measured], baseline: Run | None
) -> Estimate:
    """What so many cases of each task will cost.

    Args:
        cases: Task's name -> how many cases.
        price: The model's price.
        own: What the model's own last run took.
        baseline: Where the scripts' tokens stand.
    """
    scripted = measured(tuple(r for r in baseline.results if r.speaker == "honest")) if baseline else {}
    known = {task: own.get(task) or scripted.get(task) for task in cases}
    total = sum(cases.values())
    basis = "scripts" if any(task not in own for task in cases) else "its last run"
    read = written = 0.0
    for task, found in known.items():
        if found is None:
            return Estimate(cases=total, input_tokens=None, output_tokens=None, dollars=None, price=price, basis=basis)
        read += cases[task] * found.input_tokens / found.cases
        written += cases[task] * found.output_tokens / found.cases
    usage = Usage(input_tokens=round(read), output_tokens=round(written))
    each = price.model_copy(update={"long": None}) if price else None  # no single request is as long as all of them
    return Estimate(
        cases=total,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        dollars=each.cost(usage) if each else None,
        price=price,
        basis=basis,
    )


_MEASURED: TypeAdapter[dict[str, dict[str, Measured]]] = TypeAdapter(dict[str, dict[str, Measured]])


def load_measured(path: Path) -> dict[str, dict[str, Measured]]:
    """Speaker -> task -> what its last run took; nothing where no run was made or the file cannot be read."""
    try:
        return _MEASURED.validate_json(path.read_bytes())
    except (OSError, ValidationError):
        return {}


def save_measured(path: Path, results: tuple[Result, ...]) -> None:
    """Keep what this run took, beside what other runs did."""
    known = load_measured(path)
    for speaker in {result.speaker for result in results}:
        taken = measured(tuple(result for result in results if result.speaker == speaker))
        known[speaker] = {**known.get(speaker, {}), **taken}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(_MEASURED.dump_python(known, mode="json"), indent=1) + "\n", encoding="utf-8")
