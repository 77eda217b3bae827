"""What tokens cost: a dated table by model, which a workspace may extend or override. Unknown is None, never 0."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter, ValidationError

from copilot_tools.base import Frozen
from copilot_tools.refusals import Refused
from expcopilot.records.answer import Usage

__all__ = ["LongPrice", "Price", "PriceTable", "prompt_tokens", "total_tokens"]

Dollars = Annotated[float, Field(ge=0)]
_SNAPSHOT = re.compile(r"[-@]20\d{6}")


class LongPrice(Frozen):
    """What a request costs whose prompt is long. In US dollars per million tokens.

    Attributes:
        above: Tokens of prompt, cached ones included, above which these prices hold for the whole request.
        input: Tokens read.
        output: Tokens written.
        cache_read: Tokens read from the provider's cache.
        cache_write: Tokens written to it.
    """

    above: Annotated[int, Field(gt=0)]
    input: Dollars
    output: Dollars
    cache_read: Dollars
    cache_write: Dollars


class Price(Frozen):
    """What one model costs, in US dollars per million tokens.

    Attributes:
        input: Tokens read.
        output: Tokens written, thinking included.
        cache_read: Tokens read from the provider's cache.
        cache_write: Tokens written to it.
        long: Prices of long prompts, where they differ.
        dated: When it was published, or "workspace" for one from the settings.
    """

    input: Dollars
    output: Dollars
    cache_read: Dollars
    cache_write: Dollars
    long: LongPrice | None = None
    dated: str

    def cost(self, usage: Usage) -> float:
        """US dollars for one request."""
        rate = self.long if self.long and prompt_tokens(usage) > self.long.above else self
        return (
            usage.input_tokens * rate.input
            + usage.output_tokens * rate.output
            + usage.cache_read_tokens * rate.cache_read
            + usage.cache_write_tokens * rate.cache_write
        ) / 1_000_000


class PriceTable(Frozen):
    """Prices by model name.

    Attributes:
        date: When the table was last compared with its source.
        source: Where the prices were published.
        models: Model name -> price. A name also stands for its dated snapshots (name-20260101), and with a ``*`` at its
            end for every name that begins with it; the longest name that fits counts.

    Example:
        >>> table = PriceTable.shipped()
        >>> table.cost(Usage(input_tokens=1000, output_tokens=1000), "claude-opus-5-5")
        0.024
        >>> table.cost(Usage(input_tokens=1000), "a-model-of-my-own") is None
        True
    """

    date: str
    source: str
    models: dict[str, Price]

    @classmethod
    def shipped(cls) -> PriceTable:
        """The table that comes with this version."""
        text = Path(__file__).with_name("prices.toml").read_text(encoding="utf-8")
        data = tomllib.loads(text)
        models = {name: {**price, "dated": data["date"]} for name, price in data["models"].items()}
        return cls.model_validate({**data, "models": models})

    def with_prices(self, own: Mapping[str, Mapping[str, Any]]) -> PriceTable:
        """The table with prices of a workspace added, or put in the place of those that are here.

        Args:
            own: Model name -> ``input``, ``output`` and optionally ``cache_read``, ``cache_write`` (each as ``input``
                when left out) in US dollars per million tokens.

        Raises:
            Refused: ``prices.invalid``.
        """
        added = {}
        for name, given in own.items():
            filled = {"cache_read": given.get("input"), "cache_write": given.get("input"), **given}
            try:
                added[name] = TypeAdapter(Price).validate_python({**filled, "dated": "workspace"})
            except ValidationError as error:
                problem = error.errors()[0]
                raise Refused.because(
                    "prices.invalid",
                    f"The price of {name!r}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}.",
                    "Give input and output as US dollars per million tokens, such as input = 2.0, output = 10.0.",
                    name=f"prices.{name}",
                ) from error
        return self.model_copy(update={"models": {**self.models, **added}})

    def price(self, model: str) -> Price | None:
        """The price of a model, or None where it is not known."""
        fitting = [name for name in self.models if _fits(name, model)]
        return self.models[max(fitting, key=len)] if fitting else None

    def cost(self, usage: Usage, model: str) -> float | None:
        """US dollars for one request of a model, or None where its price is not known."""
        price = self.price(model)
        return None if price is None else price.cost(usage)


def prompt_tokens(usage: Usage) -> int:
    """Tokens of the prompt, wherever they were read from."""
    return usage.input_tokens + usage.cache_read_tokens + usage.cache_write_tokens


def total_tokens(usage: Usage) -> int:
    """Tokens read and written."""
    return prompt_tokens(usage) + usage.output_tokens


def _fits(name: str, model: str) -> bool:
    if name.endswith("*"):
        return model.startswith(name[:-1])
    return model == name or (model.startswith(name) and _SNAPSHOT.fullmatch(model[len(name) :]) is not None)
