"""One row asked for: which request it wants next, or what came of it. Always from what is kept, so it can be repeated.

The way from a brief to its variants (render, send, check, repair once) is ``language.ask``'s and nobody else's. Here it
is walked with a model that never sends: where it would, the walk ends and says which request is wanted. When that
request is answered, side by side with others or in a batch, the row is walked again, one step further.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel

from copilot_tools.refusals import Refusal
from expcopilot.language.ask import Question, as_kept, ask
from expcopilot.language.model.budget import Budget, Reserved
from expcopilot.language.model.prices import PriceTable
from expcopilot.language.model.protocol import Answer, Failure, Model, ModelFailed, Request
from expcopilot.language.prompts import Prompts
from expcopilot.memory.request_store import RequestStore
from expcopilot.records.answer import Answered

__all__ = ["Asking", "Wanted", "failure_data"]

T = TypeVar("T")
A = TypeVar("A", bound=BaseModel)

MOST_ATTEMPTS = 3
"""How often a request is put into a batch before its failure, which might have passed, stands."""
_OF_NO_USE: frozenset[Failure] = frozenset({"refused", "truncated", "malformed"})


@dataclass(frozen=True)
class Wanted:
    """A request that must be answered first.

    Attributes:
        key: Its digest.
        request: It.
    """

    key: str
    request: Request


class _Wants(Exception):  # noqa: N818 - how a walk ends early
    def __init__(self, wanted: Wanted) -> None:
        super().__init__()
        self.wanted = wanted


class _Unbounded(Budget):
    """No bound: what fits is ``Money``'s to say, and estimating a request twice costs as much as rendering it."""

    @contextmanager
    def reserve(self, request: Request, model: Model, *, streamed: bool = False) -> Iterator[Reserved]:  # noqa: ARG002
        """Set nothing aside."""
        yield Reserved()


class Asking:
    """Questions walked through as far as answers are kept.

    Args:
        store: Where answers and failures are kept.
        since: Position after which a failure counts; one from an earlier command is tried again.
        model: The model's name.
        prompts: Where prompts are.
        prices: Prices by model, a batch's discount taken off already.
    """

    def __init__(self, store: RequestStore, since: int, model: str, prompts: Prompts, prices: PriceTable) -> None:
        self._store = store
        self._since = since
        self._prompts = prompts
        self._prices = prices
        self._budget = _Unbounded()
        self._key = ""
        self._found: list[str] = []
        self.name = model

    def walk(self, way: Callable[[Asking], T]) -> T | Wanted:
        """What a way through questions comes to, or the request that must be answered first.

        Args:
            way: Calls ``ask`` once or several times; with the same answers it must ask the same again.

        Raises:
            ModelFailed: A question cannot be answered, and the way does not go on without.
            Refused: What the way refuses.
        """
        try:
            return way(self)
        except _Wants as wants:
            return wants.wanted

    def attempts(self, way: Callable[[int], T], vain: Callable[[T], bool], *, anew: bool) -> T:
        """The first attempt at a way that was not in vain.

        An attempt in vain (an answer of no use, or one that comes to nothing) is final for the command in which it was
        made. A later one makes another where it is told to, and finds it again ever after.

        Args:
            way: The attempt's number, from 0 -> what it comes to; each number asks its own requests.
            vain: Whether what it comes to is in vain.
            anew: Whether another attempt may be made.

        Raises:
            ModelFailed: The last attempt that was made brought nothing usable.
        """
        failure: ModelFailed | None = None
        last: list[T] = []
        for number in itertools.count():
            self._found.clear()
            try:
                found = way(number)
                if not vain(found):
                    return found
                failure, last = None, [found]
            except ModelFailed as failed:
                failure = failed
                if failed.kind not in _OF_NO_USE:
                    break
            except _Wants:
                if anew or not number:
                    raise
                break
            if self._store.answered_since(self._found, self._since):
                break
        if failure is not None:
            raise failure
        return last[0]

    def ask(self, experiment: str, question: Question[A]) -> A:  # noqa: ARG002 - as ``Speech.ask``
        """Ask one question, as ``Speech.ask`` does.

        Raises:
            ModelFailed: It cannot be answered.
        """
        return ask(question, self, self, self._budget, prompts=self._prompts)

    def kept(self, key: str, role: str, answer: Answer, seconds: float) -> Answered:
        """An answer as it is kept.

        Args:
            key: The request's digest.
            role: Who was asked.
            answer: What came back.
            seconds: How long it took; 0 in a batch.
        """
        price = self._prices.price(answer.model) or self._prices.price(self.name)
        return as_kept(key, role, self._prompts.find(role), answer, price, seconds=seconds)

    # --- what ``ask`` sees: a recorder and a model ----------------------------------------------------------------

    def find(self, request_digest: str) -> Answered | None:
        """As ``Recorder.find``."""
        self._key = request_digest
        self._found.append(request_digest)
        return self._store.answer(request_digest)

    def keep(self, answered: Answered) -> None:
        """Never reached: answers are kept by whoever sends."""
        raise AssertionError(f"{answered.request} was answered by a model that never sends")

    def answer(self, request: Request, *, on_text: Callable[[str], None] | None = None) -> Answer:  # noqa: ARG002
        """Say that the request is wanted, or how it failed.

        Raises:
            ModelFailed: It failed.
        """
        key = self._key  # of this very request: ``ask`` has just looked for its answer
        failures = self._store.failures(key, self._since)
        if failures and (len(failures) >= MOST_ATTEMPTS or not failures[-1].get("passing")):
            raise _failed(failures)
        raise _Wants(Wanted(key, request))


def failure_data(failure: ModelFailed, *, passing: bool = False) -> dict[str, Any]:
    """A failure as it is kept.

    Args:
        failure: It.
        passing: Whether the same request may be tried again by the same command.
    """
    return {"kind": failure.kind, "passing": passing, "refusal": failure.refusals[0].to_json()}


def _failed(failures: Sequence[dict[str, Any]]) -> ModelFailed:
    last = failures[-1]
    kind: Failure = last["kind"]
    return ModelFailed(kind, Refusal.model_validate(last["refusal"]))
