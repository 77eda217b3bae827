"""Money of a run: what was spent, what is set aside for requests under way, and whether one more still fits."""

from __future__ import annotations

import asyncio

from copilot_tools.refusals import Refused
from expcopilot.language.model.budget import worst_case
from expcopilot.language.model.prices import Price, PriceTable
from expcopilot.language.model.protocol import Request
from expcopilot.records.answer import Usage

__all__ = ["Money", "scaled"]


def scaled(prices: PriceTable, share: float) -> PriceTable:
    """A table with every price times ``share``: what a batch costs."""
    models = {name: _scaled(price, share) for name, price in prices.models.items()}
    return prices.model_copy(update={"models": models})


def _scaled(price: Price, share: float) -> Price:
    rates = ("input", "output", "cache_read", "cache_write")
    changed: dict[str, object] = {name: getattr(price, name) * share for name in rates}
    if price.long:
        changed["long"] = price.long.model_copy(update={name: getattr(price.long, name) * share for name in rates})
    return price.model_copy(update=changed)


class Money:
    """The purse of a run; of one event loop.

    Args:
        bound: US dollars the run may cost in all, its earlier attempts included; None for no bound.
        model: The model's name.
        prices: Prices by model, a batch's discount taken off already.
        spent: US dollars its answers have cost, and what may have been charged for requests lost in a kill.

    Raises:
        Refused: ``batch.price_unknown`` when there is a bound and the model's price is not known.
    """

    def __init__(self, bound: float | None, model: str, prices: PriceTable, spent: float) -> None:
        self.bound = bound
        self.spent = spent
        self.prices = prices
        self._model = model
        self._held: dict[str, float] = {}
        self._sum = 0.0
        self._changed = asyncio.Event()
        if bound is not None and prices.price(model) is None:
            raise Refused.because(
                "batch.price_unknown",
                f"The budget is ${bound:.2f}, but the price of {model} is not known.",
                "Give its price under [model.prices] in expcopilot.toml, 0 for a server of your own.",
                name="budget",
                value=bound,
            )

    def dearest(self, request: Request) -> float | None:
        """US dollars a request may cost at most; None where the model's price is not known."""
        price, worst = self.prices.price(self._model), worst_case(request)
        if price is None:
            return None
        written = Usage(cache_write_tokens=worst.input_tokens, output_tokens=worst.output_tokens)
        return max(price.cost(worst), price.cost(written))

    def cost(self, usage: Usage, model: str) -> float | None:
        """US dollars an answer cost, by the name the model gave itself or else the one asked for; None: not known."""
        price = self.prices.price(model) or self.prices.price(self._model)
        return None if price is None else price.cost(usage)

    def fits(self, dearest: float | None) -> bool:
        """Whether a request that costs this at most can be sent without the bound being passed, come what may."""
        return self.bound is None or dearest is None or self.spent + self._sum + dearest <= self.bound

    def hold(self, request: str, dearest: float | None) -> None:
        """Set the most a request may cost aside."""
        self._held[request] = dearest or 0.0
        self._sum += dearest or 0.0

    def settle(self, request: str, cost: float | None) -> None:
        """The request is done and cost this; one that nothing was set aside for was never sent."""
        if request not in self._held:
            return
        self._sum -= self._held.pop(request, 0.0)
        if not self._held:
            self._sum = 0.0  # rounding does not add up over ten thousand requests
        self.spent += cost or 0.0
        self._changed.set()

    async def room(self, dearest: float | None) -> bool:
        """Wait until a request fits, as those under way turn out cheaper than feared; False when it never will."""
        while not self.fits(dearest):
            if not self._held:
                return False
            self._changed.clear()
            await self._changed.wait()
        return True
