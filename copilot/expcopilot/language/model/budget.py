"""A budget in money and tokens that stops before it is passed: what a request may cost at worst is set aside first."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from expcopilot.language.model.failures import failed
from expcopilot.language.model.prices import Price, PriceTable, total_tokens
from expcopilot.language.model.protocol import Model, ModelFailed, Request
from expcopilot.records.answer import Answered, Usage

__all__ = ["Budget", "Reserved", "worst_case"]


def worst_case(request: Request, attempts: int = 1) -> Usage:
    """Tokens a request may use at most.

    Input is estimated as one token for three bytes of everything that is sent (English runs at about four, other
    scripts at three or more); output at its bound; both as often as a stream that is cut may be asked for again.
    """
    sent = len(json.dumps(request.to_json(), ensure_ascii=False).encode("utf-8", "replace"))
    return Usage(input_tokens=math.ceil(sent / 3) * attempts, output_tokens=request.max_tokens * attempts)


class Reserved:
    """Tokens set aside for one request; settled with what it really used."""

    def __init__(self) -> None:
        self.used: Usage | None = None

    def settle(self, usage: Usage) -> None:
        """Say what the request really used."""
        self.used = usage


class Budget:
    """What may be spent, what was spent, and what is set aside for requests under way. Safe under threads.

    Args:
        max_cost: US dollars, or None for no bound.
        max_tokens: Tokens read and written, or None for no bound.
        prices: Prices by model; the shipped table by default.
        spent: Answers already paid for, from the ledger.

    Example:
        >>> from expcopilot.language.model.scripted import ScriptedModel
        >>> budget = Budget(max_tokens=1000)
        >>> with budget.reserve(Request(role="guide", system=(), messages=()), ScriptedModel({})):
        ...     pass
        Traceback (most recent call last):
        ...
        expcopilot.language.model.protocol.ModelFailed: The request could use ... tokens; of the budget of 1,000, ...
    """

    def __init__(
        self,
        *,
        max_cost: float | None = None,
        max_tokens: int | None = None,
        prices: PriceTable | None = None,
        spent: Iterable[Answered] = (),
    ) -> None:
        self.max_cost = max_cost
        self.max_tokens = max_tokens
        self.prices = prices or PriceTable.shipped()
        self._lock = threading.Lock()
        self._cost = 0.0
        self._tokens = 0
        self._unpriced: set[str] = set()
        for answered in spent:
            self._charge(answered.usage, answered.model, answered.cost)

    @property
    def cost(self) -> float | None:
        """US dollars spent or set aside; None when a model without a known price was used."""
        return None if self._unpriced else self._cost

    @property
    def tokens(self) -> int:
        """Tokens spent or set aside."""
        return self._tokens

    @contextmanager
    def reserve(self, request: Request, model: Model, *, streamed: bool = False) -> Iterator[Reserved]:
        """Set aside what a request may cost at worst, while it is under way.

        Args:
            request: What is to be sent.
            model: To whom.
            streamed: Whether the answer is streamed: a model that has ``attempts`` may then begin it that often.

        When it fails, what the failure says was used is charged; when it is broken off, the whole reserve is: the
        provider may have charged for it.

        Raises:
            ModelFailed: "over_budget" before anything is sent, when the bound could be passed or when money is bounded
                and the model's price is not known.
        """
        worst = worst_case(request, getattr(model, "attempts", 1) if streamed else 1)
        price = self.prices.price(model.name)
        dearest = _dearest(price, worst) if price else 0.0
        with self._lock:
            self._check(worst, price, dearest, model.name)
            self._tokens += total_tokens(worst)
            self._cost += dearest
        reserved = Reserved()
        try:
            yield reserved
        except ModelFailed as failure:
            reserved.used = reserved.used or failure.usage
            raise
        finally:
            if reserved.used is not None:
                with self._lock:
                    self._tokens -= total_tokens(worst)
                    self._cost -= dearest
                    self._charge(reserved.used, model.name, None)

    def _check(self, worst: Usage, price: Price | None, dearest: float, model: str) -> None:
        tokens = total_tokens(worst)
        if self.max_tokens is not None and self._tokens + tokens > self.max_tokens:
            raise failed(
                "over_budget",
                "over_tokens",
                f"The request could use {tokens:,} tokens; of the budget of {self.max_tokens:,}, "
                f"{max(self.max_tokens - self._tokens, 0):,} are left.",
                "Raise the budget of tokens in the settings, or go on without the model.",
            )
        if self.max_cost is None:
            return
        unknown = {*self._unpriced, *([] if price else [model])}
        if unknown:
            raise failed(
                "over_budget",
                "price_unknown",
                f"The budget is ${self.max_cost:.2f}, but the price of {', '.join(sorted(unknown))} is not known.",
                "Give its price in the settings (0 for a server of your own), or bound tokens in place of money.",
            )
        if self._cost + dearest > self.max_cost:
            raise failed(
                "over_budget",
                "over_cost",
                f"The request could cost ${dearest:.4f}; of the budget of ${self.max_cost:.2f}, "
                f"${max(self.max_cost - self._cost, 0):.4f} is left.",
                "Raise the budget of money in the settings, name a cheaper model, or go on without it.",
            )

    def _charge(self, usage: Usage, model: str, cost: float | None) -> None:
        tokens = total_tokens(usage)
        self._tokens += tokens
        known = self.prices.cost(usage, model) if cost is None else cost
        if known is not None:
            self._cost += known
        elif tokens:
            self._unpriced.add(model)


def _dearest(price: Price, worst: Usage) -> float:
    """Every input token at its dearest: a first request writes its stable part to the cache, which costs more."""
    as_written = Usage(cache_write_tokens=worst.input_tokens, output_tokens=worst.output_tokens)
    return max(price.cost(worst), price.cost(as_written))
