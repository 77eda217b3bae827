"""What tokens cost."""

from __future__ import annotations

import datetime as dt
import typing

import pytest

from copilot_tools.refusals import Refused
from expcopilot.language.model.prices import PriceTable, total_tokens
from expcopilot.records.answer import Usage

MILLION = 1_000_000


@pytest.fixture(scope="module")
def table():
    return PriceTable.shipped()


def test_the_table_is_dated(table):
    """Every shipped price carries the table's date, and reading costs no more than writing."""
    assert dt.date.fromisoformat(table.date) <= dt.datetime.now(dt.UTC).date()
    assert table.source.startswith("https://")
    for price in table.models.values():
        assert price.dated == table.date
        assert 0 < price.cache_read < price.input < price.cache_write < price.output


def test_each_kind_of_token_has_its_price(table):
    """A million of each kind costs what the table says."""
    cost = table.cost(
        Usage(input_tokens=MILLION, output_tokens=MILLION, cache_read_tokens=MILLION, cache_write_tokens=MILLION),
        "claude-sonnet-5-5",
    )
    assert cost == pytest.approx(2.0 + 10.0 + 0.10 + 2.5)


@pytest.mark.parametrize(
    ("model", "input_price"),
    [
        ("claude-opus-5", 5.0),
        ("claude-opus-5-5", 4.0),
        ("claude-opus-4-5-20251101", 5.0),
        ("claude-haiku-4-5@20251001", 1.0),
        ("claude-opus-5-6", None),
        ("claude-opus-5-5-fast", None),
        ("claude-opus", None),
        ("llama", None),
        ("", None),
    ],
)
def test_a_name_stands_for_its_snapshots_only(table, model, input_price):
    """A model that is not in the table costs "unknown": a neighbour's price is never taken for it, nor 0."""
    cost = table.cost(Usage(input_tokens=MILLION), model)
    assert cost == (None if input_price is None else pytest.approx(input_price))


def test_long_prompts_cost_more(table):
    """Above the threshold, cached tokens included, the dearer prices hold for the whole request."""
    below = Usage(input_tokens=40_000, cache_read_tokens=60_000, output_tokens=1000)
    above = below + Usage(cache_write_tokens=1)
    assert table.cost(below, "claude-haiku-5-5") == pytest.approx((4000 + 600 + 500) / MILLION)
    assert table.cost(above, "claude-haiku-5-5") == pytest.approx((20_000 + 3000 + 2500 + 0.625) / MILLION)


def test_a_workspace_sets_its_own(table):
    """Own prices are added or win, also for every name with a beginning; those left out equal the input's."""
    own = table.with_prices(
        {"claude-opus-5-5": {"input": 3, "output": 15}, "llama*": {"input": 0.0, "output": 0.0, "cache_read": 0.0}}
    )
    assert own.cost(Usage(cache_read_tokens=MILLION), "claude-opus-5-5") == 3
    assert own.price("claude-opus-5-5").dated == "workspace"
    assert own.cost(Usage(output_tokens=MILLION), "llama-4-big") == 0
    assert own.cost(Usage(output_tokens=MILLION), "claude-opus-5") == 25
    assert table.cost(Usage(input_tokens=MILLION), "claude-opus-5-5") == 4


@pytest.mark.parametrize(
    "given", [{"input": -1, "output": 2}, {"output": 2}, {"input": "a lot", "output": 2}, {"in": 1}]
)
def test_wrong_prices_are_refused(table, given):
    """A price that is none is refused by name."""
    with pytest.raises(Refused) as refused:
        table.with_prices({"mine": given})
    (refusal,) = refused.value.refusals
    assert (refusal.code, refusal.name) == ("prices.invalid", "prices.mine")


def test_names_are_the_sdks(table):
    """Each name in the table is one the SDK knows, so that a slip of the pen cannot hide a price."""
    from anthropic.types import model  # noqa: PLC0415 - two seconds, for this test alone

    literal, _ = typing.get_args(model.Model)
    assert set(table.models) <= set(typing.get_args(literal))


def test_total_tokens():
    """Every token counts once."""
    usage = Usage(input_tokens=1, output_tokens=2, cache_read_tokens=4, cache_write_tokens=8)
    assert total_tokens(usage) == 15
