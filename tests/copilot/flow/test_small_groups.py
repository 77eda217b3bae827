"""Groups under k units are spoken of neither directly nor as the difference of what is told."""

from __future__ import annotations

import pandas as pd
import pytest

from copilot_tools.stats.sources.rows.frames import from_frame
from expcopilot.api import Copilot
from expcopilot.flow.small_groups import withheld_parts
from expcopilot.flow.speech import tellable
from tests_plan import plan


def looked(tmp_path, sizes: dict[str, tuple[int, int]]):
    """A look with a cut whose parts have so many units in control and in b."""
    rows = [
        (f"{part}-{arm}-{i}", arm, int(i % 5 == 0), part)
        for part, of in sizes.items()
        for arm, n in zip(("control", "b"), of, strict=True)
        for i in range(n)
    ]
    data = pd.DataFrame(rows, columns=["user", "arm", "converted", "part"])
    copilot = Copilot.init(tmp_path / "w", person="Ada")
    copilot.register(plan(units=100))
    return copilot.analyze("checkout", from_frame(data), cuts=("part",))


@pytest.mark.parametrize(
    ("sizes", "told"),
    [
        ({"a": (500, 500), "c": (300, 300), "d": (100, 100)}, {"a", "c", "d"}),
        ({"a": (500, 500), "c": (300, 300), "rare": (1, 0)}, {"a"}),  # the rest of c would be that one unit
        ({"a": (500, 500), "rare": (1, 1)}, set()),
        ({"a": (500, 500), "x": (12, 12), "y": (11, 11)}, {"a"}),  # together they are enough to hide each other
        ({"a": (500, 500), "c": (40, 40), "x": (12, 30), "y": (11, 30)}, {"a", "c"}),
        ({"a": (500, 500), "c": (40, 40), "x": (3, 30)}, {"a"}),  # few in one arm only
    ],
)
def test_no_few_units_are_what_is_left(tmp_path, sizes, told):
    """In each arm, what is told of a cut leaves nobody, or at least k units."""
    look = looked(tmp_path, sizes)
    found = {fact.part for fact in tellable(look).values() if fact.part}
    assert {part.rpartition(" ")[2].strip("'\"=") for part in found} == told, found
    for place in (0, 1):
        left = sum(of[place] for of in sizes.values()) - sum(sizes[part][place] for part in told)
        assert left == 0 or left >= look.spec.min_units
    assert not found & withheld_parts(look)
