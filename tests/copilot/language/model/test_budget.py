"""A budget that stops before it is passed."""

from __future__ import annotations

import threading

import pytest

from expcopilot.language.model.budget import Budget, worst_case
from expcopilot.language.model.failures import failed
from expcopilot.language.model.prices import PriceTable, total_tokens
from expcopilot.language.model.protocol import Message, ModelFailed, Request, SystemPart
from expcopilot.language.model.scripted import ScriptedModel
from expcopilot.records.answer import Answered, Usage

PRICES = PriceTable.shipped().with_prices({"scripted": {"input": 10.0, "output": 50.0, "cache_write": 12.5}})
MODEL = ScriptedModel({})
ASKED = Request(role="guide", system=(), messages=(Message(speaker="user", text="x" * 3000),), max_tokens=1000)
WORST = total_tokens(worst_case(ASKED))


def answered(**changes) -> Answered:
    given = {"request": "r", "role": "guide", "prompt": "guide/v1", "prompt_digest": "d", "model": "scripted"}
    return Answered(**{**given, "text": "", "stop": "end", **changes})


def spend(budget: Budget, usage: Usage) -> None:
    with budget.reserve(ASKED, MODEL) as reserved:
        reserved.settle(usage)


def test_worst_case_is_no_less_than_what_is_sent():
    """Every byte of the system, the turns and the schema counts, a third of a token each, in any script."""
    system = (SystemPart(text="s" * 3000), SystemPart(text="統計" * 1000))
    asked = ASKED.model_copy(update={"system": system, "answer_schema": {"type": "object", "title": "t" * 3000}})
    estimate = worst_case(asked)
    assert 1000 + 1000 + 2000 + 1000 < estimate.input_tokens < 5300
    assert estimate.output_tokens == 1000
    assert worst_case(asked, 3) == estimate + estimate + estimate


def test_tokens_are_bounded():
    """A request passes as long as its worst case fits in what is left, and not one token further."""
    budget = Budget(max_tokens=WORST + 10, prices=PRICES)
    spend(budget, Usage(output_tokens=10))
    spend(budget, Usage(output_tokens=1))
    with pytest.raises(ModelFailed) as failure:
        spend(budget, Usage())
    assert failure.value.kind == "over_budget"
    assert failure.value.refusals[0].code == "model.over_tokens"
    assert budget.tokens == 11


def test_money_is_bounded():
    """The same for money, every input token at its dearest (written to the cache)."""
    worst = worst_case(ASKED)
    dearest = (worst.input_tokens * 12.5 + 1000 * 50) / 1_000_000
    with pytest.raises(ModelFailed) as failure:
        spend(Budget(max_cost=dearest - 1e-6, prices=PRICES), Usage())
    assert failure.value.refusals[0].code == "model.over_cost"
    budget = Budget(max_cost=dearest + 1e-6, prices=PRICES)
    spend(budget, Usage(input_tokens=1000))
    assert budget.cost == pytest.approx(0.01)
    with pytest.raises(ModelFailed):
        spend(budget, Usage())


def test_unknown_prices_are_not_free():
    """With money bounded, a model without a known price is not asked; without a bound its cost is unknown, not 0."""
    with pytest.raises(ModelFailed) as failure:
        spend(Budget(max_cost=100.0), Usage())
    assert failure.value.refusals[0].code == "model.price_unknown"
    free = Budget()
    assert free.cost == 0
    spend(free, Usage(input_tokens=1))
    assert free.cost is None


def test_what_was_spent_before_counts():
    """Answers from the ledger count with their recorded cost, or with the table's where none was recorded."""
    before = (answered(cost=0.5, usage=Usage(input_tokens=7)), answered(usage=Usage(input_tokens=100_000)))
    budget = Budget(max_cost=1.6, prices=PRICES, spent=before)
    assert budget.cost == pytest.approx(1.5)
    assert budget.tokens == 100_007
    spend(budget, Usage(output_tokens=1000))
    with pytest.raises(ModelFailed):
        spend(budget, Usage())
    unpriced = Budget(max_cost=9.0, prices=PRICES, spent=[answered(model="other", usage=Usage(input_tokens=1))])
    with pytest.raises(ModelFailed, match="other"):
        spend(unpriced, Usage())


def test_a_failure_costs_what_it_says():
    """A failed request is charged with what it used; one that was broken off keeps its whole reserve."""
    budget = Budget(prices=PRICES)
    with pytest.raises(ModelFailed), budget.reserve(ASKED, MODEL):
        raise failed("truncated", "cut", "r", "c", usage=Usage(input_tokens=5))
    assert budget.tokens == 5
    with pytest.raises(KeyboardInterrupt), budget.reserve(ASKED, MODEL):
        raise KeyboardInterrupt
    assert budget.tokens == 5 + WORST


def test_a_streamed_request_reserves_every_attempt():
    """A model that may begin a stream several times sets aside as much."""

    class Persistent(ScriptedModel):
        attempts = 3

    budget = Budget(max_tokens=2 * WORST)
    with budget.reserve(ASKED, Persistent({})) as reserved:
        reserved.settle(Usage())
    with pytest.raises(ModelFailed), budget.reserve(ASKED, Persistent({}), streamed=True):
        pass


def test_requests_under_way_together_stay_within():
    """Of many threads asking at once, only as many pass as fit at their worst, though each alone would."""
    budget = Budget(max_tokens=3 * WORST + 10)
    passed, stopped = [], []
    gate, everyone = threading.Barrier(8), threading.Event()

    def one() -> None:
        gate.wait()
        try:
            with budget.reserve(ASKED, MODEL) as reserved:
                passed.append(1)
                everyone.wait(5)
                reserved.settle(Usage(output_tokens=1))
        except ModelFailed:
            stopped.append(1)
            if len(stopped) == 5:
                everyone.set()

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(passed), len(stopped), budget.tokens) == (3, 5, 3)
