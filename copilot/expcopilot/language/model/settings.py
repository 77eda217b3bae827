"""What a workspace says about its model: the ``[model]`` table of its settings file, and the model it names."""

from __future__ import annotations

import os
from collections.abc import Iterable

from expcopilot.language.model.budget import Budget
from expcopilot.language.model.failures import failed
from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.language.model.prices import PriceTable
from expcopilot.memory.settings import ModelTable
from expcopilot.records.answer import Answered

__all__ = ["ModelSettings"]


class ModelSettings(ModelTable):
    """The ``[model]`` table with what comes of it: the model it names, and the budget."""

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
