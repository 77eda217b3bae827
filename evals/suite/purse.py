"""The money of a run, shared by all processes: each case gets a share before it starts, and gives back what is left."""

from __future__ import annotations

from multiprocessing.context import BaseContext

__all__ = ["CapReachedError", "Purse"]

_SPENT, _RESERVED, _RUNNING, _DEAREST = range(4)


class CapReachedError(Exception):
    """What is left would not pay for another case."""


class Purse:
    """What may be spent, was spent, and is set aside for the cases under way. Safe under threads and processes.

    The shares of all cases under way never add up to more than is left. The product keeps every experiment to the share
    (``max_cost``); a case with several of them may pass its own, and that is taken off what the next ones get.

    Args:
        context: Whose locks are used.
        cap: US dollars, or None for no bound.
        at_once: How many cases run at the same time at most.
    """

    def __init__(self, context: BaseContext, cap: float | None, at_once: int) -> None:
        self.cap = cap
        self._at_once = at_once
        self._lock = context.Lock()
        self._kept = context.Array("d", 4, lock=False)

    @property
    def spent(self) -> float:
        """US dollars spent so far."""
        with self._lock:
            return float(self._kept[_SPENT])

    def take(self) -> float | None:
        """The share of one more case in US dollars; None without a cap.

        Raises:
            CapReachedError: It would be less than the dearest case so far has cost, or nothing.
        """
        if self.cap is None:
            return None
        with self._lock:
            left = self.cap - self._kept[_SPENT] - self._kept[_RESERVED]
            share = left / max(self._at_once - int(self._kept[_RUNNING]), 1)
            if share <= 0 or share < self._kept[_DEAREST]:
                raise CapReachedError
            self._kept[_RESERVED] += share
            self._kept[_RUNNING] += 1
            return float(share)

    def settle(self, share: float | None, spent: float | None) -> None:
        """A case is over.

        Args:
            share: What it had taken.
            spent: What it cost; None where nobody knows, which counts as all of its share.
        """
        cost = spent if spent is not None else (share or 0.0)
        with self._lock:
            self._kept[_SPENT] += cost
            self._kept[_DEAREST] = max(self._kept[_DEAREST], cost)
            if share is not None:
                self._kept[_RESERVED] -= share
                self._kept[_RUNNING] -= 1
