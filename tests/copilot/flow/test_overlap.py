"""Whether two sets of data hold the same units, told by their sketches; and sketches that cannot tell."""

from __future__ import annotations

import pytest

from copilot_tools.stats.evidence import SourceInfo
from copilot_tools.stats.sources.rows.sketch import SIZE, number_hash
from expcopilot.flow.overlap import comparable, shared_share


def info(units: range, *, numbers_hashed: bool = True, digest: str = "a") -> SourceInfo:
    """What is known of a source of these units."""
    kept = tuple(sorted(number_hash(u) for u in units)[:SIZE])
    return SourceInfo(kind="rows", name="x", digest=digest * 64, sketch=kept, numbers_hashed=numbers_hashed)


@pytest.mark.parametrize(
    ("other", "share"), [(range(20_000), 1), (range(10_000, 30_000), 0.5), (range(20_000, 40_000), 0)]
)
def test_the_share_of_units_is_estimated(other: range, share: float) -> None:
    """The same units share all of their sketches, disjoint ones nothing, half of them about half."""
    found = shared_share(info(range(20_000)), info(other, digest="b"))
    assert found == pytest.approx(share, abs=0.15 if share == 0.5 else 0)


def test_an_older_sketch_does_not_compare() -> None:
    """A sketch that hashed numbers another way tells nothing of the same units; the same digest still does."""
    new, old = info(range(500)), info(range(500), numbers_hashed=False, digest="b")
    assert not comparable(new, old)
    assert shared_share(new, old) == 0
    assert comparable(new, info(range(500), digest="b"))
    assert shared_share(new, info(range(500), numbers_hashed=False)) == 1


def test_an_older_record_keeps_its_json() -> None:
    """What was recorded before there were two ways of hashing reads, and is written, as it stood."""
    recorded = {"kind": "rows", "name": "x", "location": None, "digest": "0" * 64, "columns": {}, "opening": {}}
    read = SourceInfo.model_validate(recorded | {"sketch": [1, 2]})
    assert not read.numbers_hashed
    assert read.model_dump(mode="json") == recorded | {"sketch": [1, 2]}
    assert info(range(3)).model_dump(mode="json")["numbers_hashed"] is True
