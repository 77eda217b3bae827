"""What a workspace says about its model: the ``[model]`` table of its settings file, and the model it names."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import Field

from copilot_tools.base import Frozen
from expcopilot.language.model.budget import Budget
from expcopilot.language.model.failures import failed
from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.language.model.prices import PriceTable
from expcopilot.records.answer import Answered

__all__ = ["ModelSettings"]

Seconds = Annotated[float, Field(gt=0)]


class ModelSettings(Frozen):
    """Which model, where, and what it may spend. A key never stands here, only the name of what holds it.

    Attributes:
        name: The model, such as "claude-sonnet-5-5"; "" for none: everything but drafting and rephrasing works so.
        base_url: Server that speaks the Messages API, or "" for ANTHROPIC_BASE_URL, else Anthropic's.
        key_env: Environment variable that holds the key, or "" for ANTHROPIC_API_KEY and what else the SDK looks for.
        timeout: Seconds of silence before a server counts as gone.
        effort: How much the model should think, where it knows that; "" for its own.
        max_cost: US dollars an experiment may spend, or None.
        max_tokens: Tokens an experiment may spend, or None.
        prices: Model name -> US dollars per million tokens (input, output, cache_read, cache_write), over the table's.
        prompts: Role -> version of its prompt, in place of the newest.
    """

    name: str = ""
    base_url: str = ""
    key_env: str = ""
    timeout: Seconds = 120.0
    effort: str = ""
    max_cost: Annotated[float, Field(ge=0)] | None = None
    max_tokens: Annotated[int, Field(ge=0)] | None = None
    prices: dict[str, dict[str, Any]] = {}
    prompts: dict[str, int] = {}

    def open(self) -> MessagesApi:
        """The model. Nothing is imported or sent before its first question; close it when done.

        Raises:
            ModelFailed: "not_configured" when no model is named, or the variable that should hold its key is empty.
        """
        if not self.name:
            raise failed(
                "not_configured",
                "none_named",
                "No model is configured.",
                'Name one in the settings: under [model], name = "claude-sonnet-5-5". '
                "Everything but drafting and rephrasing works without.",
            )
        key = os.environ.get(self.key_env) if self.key_env else None
        if self.key_env and not key:
            raise failed(
                "not_configured",
                "key_missing",
                f"The environment variable {self.key_env}, which should hold the model's key, is empty.",
                f"Set {self.key_env}, or name another variable as key_env in the settings.",
            )
        return MessagesApi(
            self.name, key=key, base_url=self.base_url or None, timeout=self.timeout, effort=self.effort or None
        )

    def budget(self, spent: Iterable[Answered] = ()) -> Budget:
        """The budget, less what was spent before.

        Raises:
            Refused: ``prices.invalid``.
        """
        prices = PriceTable.shipped().with_prices(self.prices)
        return Budget(max_cost=self.max_cost, max_tokens=self.max_tokens, prices=prices, spent=spent)
