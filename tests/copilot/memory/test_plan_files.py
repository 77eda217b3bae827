"""Plan files: written whole, over no other, or refused with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_tools.refusals import Refused
from expcopilot.memory import plan_files
from tests_plan import plan


def test_a_saved_plan_reads_back_and_is_never_overwritten(tmp_path: Path) -> None:
    """What was saved is what is loaded; a second plan of that name is refused and the first stands."""
    path = plan_files.save(plan(), tmp_path / "plans" / "checkout.yaml")
    assert plan_files.load(path) == plan()
    with pytest.raises(Refused) as refused:
        plan_files.save(plan(units=100), path)
    assert refused.value.refusals[0].code == "plan.exists"
    assert plan_files.load(path) == plan()
    assert list(path.parent.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    """A file where the folder should be is a refusal that names it, not a traceback."""
    (tmp_path / "plans").write_text("a file", encoding="utf-8")
    with pytest.raises(Refused) as refused:
        plan_files.save(plan(), tmp_path / "plans" / "checkout.yaml")
    assert refused.value.refusals[0].code == "plan.cannot_write"
    assert refused.value.refusals[0].cure
