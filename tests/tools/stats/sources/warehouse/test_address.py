"""Addresses of tables: what connects, and what may be kept of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_tools.refusals import Refused
from copilot_tools.stats.sources.warehouse.address import Address, is_address


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("postgresql://ada:hush@db:5433/shop?table=ab.results", "postgresql://ada@db:5433/shop?table=ab.results"),
        ("postgres://ada:hush@db/shop?table=t&password=hush", "postgresql://ada@db/shop?table=t"),
        ("postgresql://db/shop?table=t&passfile=/x&sslpassword=hush", "postgresql://db/shop?passfile=/x&table=t"),
        ("postgresql:///shop?host=/run/pg&table=a.b", "postgresql:///shop?host=/run/pg&table=a.b"),
        ("postgresql://[::1]:5432/shop?table=t&events=e", "postgresql://[::1]:5432/shop?table=t&events=e"),
        ("postgresql://a%40b:h%2Fush@db/shop?table=t", "postgresql://a%40b@db/shop?table=t"),
        ("postgresql://db/shop?table=t&options=-c%20x%3Dhush", "postgresql://db/shop?table=t"),
    ],
)
def test_no_secret_is_kept(given: str, kept: str) -> None:
    """The name holds no password wherever it stood, opens the same table, and is its own name."""
    address = Address.parse(given)
    assert address.name == kept
    assert "hush" not in repr(address)
    again = Address.parse(address.name)
    assert (again.name, again.table, again.events) == (kept, address.table, address.events)
    assert "table=" not in address.dsn


def test_a_path_swallows_a_slash() -> None:
    """An address that went through a path, as on the command line, is still the same address."""
    given = "postgresql://ada@db/shop?table=t"
    assert Address.parse(Path(given)) == Address.parse(given)
    assert is_address(Path(given))
    assert not is_address(Path("postgresql.csv"))


@pytest.mark.parametrize(
    "given",
    [
        "postgresql://ada:hush@db/shop",
        "postgresql://ada:hush@db/shop?table=",
        "postgresql://ada:hush@db:port/shop?table=t",
        "postgresql://ada:hush@[db/shop?table=t",
        "mysql://ada:hush@db/shop?table=t",
    ],
)
def test_unusable_addresses(given: str) -> None:
    """What cannot be used is refused with a cure, and not repeated."""
    with pytest.raises(Refused) as refused:
        Address.parse(given)
    assert "hush" not in str(refused.value)
    assert refused.value.refusals[0].cure
