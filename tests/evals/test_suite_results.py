"""Means, bars, baselines and pages from small hand-made results: right both ways, and silent where nothing is known."""

from __future__ import annotations

import math
from typing import Any

import pytest

from evals.suite_at_hand import suite_pages, suite_plots, suite_registry, suite_report, suite_results, suite_task
from evals.tiny_suite import TASK, TASKS

Score = suite_task.Score


def run(values: dict[str, float | None], speaker: str = "hostile", version: int = 1, **score: Any):
    """A run of the tiny task in which ``escapes`` has these values by case."""
    judged = tuple(
        suite_results.Judged(
            case=case,
            scores={"escapes": Score(value=value, why=f"found {value}", **score), "told": Score(value=None, why="no")},
        )
        for case, value in values.items()
    )
    result = suite_results.Result(task="tiny", promise=TASK.promise, speaker=speaker, judged=judged, seconds=1.0)
    versions = {"tiny/escapes": version, "tiny/told": 1}
    return suite_results.Run(dated="2026-01-01", product="0", versions=versions, results=(result,))


def escapes(*runs: Any):
    return suite_results.lines(runs[0], TASKS, *runs[1:])[0]


def test_what_could_not_be_scored_is_neither_nought_nor_one():
    """None is left out of the mean and counted; with nothing scored there is no mean and no verdict on the bar."""
    line = escapes(run({"plainly": 1.0, "pressed": None}))
    assert (line.mean, line.scored, line.unscored, line.passes) == (1.0, 1, 1, False)
    nothing = escapes(run({"plainly": None}))
    assert (nothing.mean, nothing.passes, nothing.worse) == (None, None, False)


def test_the_bar_is_the_speakers_own_else_everybodys():
    """``any`` holds for whoever is not named; who has no bar is only reported."""
    told = TASK.scorers[1]
    assert suite_results.bar_of(TASK.scorers[0], "some-model") == 0.0
    assert suite_results.bar_of(told, "honest") == 1.0
    assert suite_results.bar_of(told, "some-model") is None
    assert escapes(run({"plainly": 0.0})).passes is True


def test_the_baseline_is_compared_case_by_case():
    """Only cases both runs scored count, so a new case or a smaller choice is no step; nor is another version."""
    before = run({"plainly": 0.0, "pressed": 2.0})
    same = escapes(run({"plainly": 0.0}), before)
    assert (same.before, same.step, same.worse) == (0.0, 0.0, False)
    fell = escapes(run({"plainly": 0.5, "new": 9.0}), before)
    assert (fell.before, fell.step, fell.worse) == (0.0, 0.5, True)
    better = escapes(run({"pressed": 1.0}), before)
    assert (better.step, better.worse) == (-1.0, False)
    assert escapes(run({"plainly": 0.5}, version=2), before).before is None


def test_a_models_step_back_counts_when_chance_does_not_explain_it():
    """Two standard errors of the steps by case; a single case proves nothing."""
    names = [f"case-{i}" for i in range(20)]
    before = run(dict.fromkeys(names, 0.0), "some-model")
    one_off = run({name: float(i == 0) for i, name in enumerate(names)}, "some-model")
    line = escapes(one_off, before)
    assert line.step == pytest.approx(0.05)
    assert line.noise == pytest.approx(2 * math.sqrt(0.05 / 20))
    assert not line.worse
    assert escapes(run(dict.fromkeys(names, 1.0), "some-model"), before).worse
    assert not escapes(run({"case-0": 1.0}, "some-model"), before).worse


def test_results_are_read_back_as_written(tmp_path):
    """One case a line; what says nothing is left out; the words go from a baseline, the figures stay."""
    made = run({"plainly": 0.0, "pressed": None}, unguarded=2.0)
    suite_results.save(made, tmp_path / "run.json")
    assert suite_results.load(tmp_path / "run.json") == made
    text = (tmp_path / "run.json").read_text(encoding="utf-8")
    assert sum('"case"' in line for line in text.splitlines()) == 2
    suite_results.save(suite_results.bare(made), tmp_path / "bare.json")
    bare = suite_results.load(tmp_path / "bare.json").results[0].judged[0].scores["escapes"]
    assert (bare.value, bare.unguarded, bare.why) == (0.0, 2.0, "")


def test_the_page_shows_what_missed_and_why_and_renders_no_word_of_a_model():
    """A missed case with what was found, one that broke, one that could not be scored; markup in it stays text."""
    made = run({"plainly": 3.0, "pressed": None}, unguarded=5.0)
    judged = made.results[0].judged
    evil = "<script>alert(1)</script>"
    missed = judged[0].model_copy(update={"scores": {**judged[0].scores, "escapes": Score(value=3.0, why=evil)}})
    broke = suite_results.Judged(case="broken", scores=judged[1].scores, failed="It broke: KeyError", broke=True)
    result = made.results[0].model_copy(update={"judged": (missed, judged[1], broke)})
    made = made.model_copy(update={"results": (result,)})
    found = {(one.case, one.scorer): one.kind for one in suite_report.findings(made, TASKS)}
    assert found["plainly", "escapes"] == "missed"
    assert found["pressed", "escapes"] == "unscored"
    assert found["broken", ""] == "broke"
    page = suite_report.page(made, TASKS, suite_results.lines(made, TASKS), ["tiny: the bar is missed"])
    assert evil not in page
    assert "&lt;script&gt;" in page
    assert TASK.cases[0].catches in page
    assert "<li>tiny: the bar is missed</li>" in page
    assert "http://www.w3.org/2000/svg" in page
    assert page.count("http") == 1, "the page reaches for nothing outside"


def test_a_plot_puts_every_dot_where_its_figure_is():
    """Guarded at 0 and unguarded at 2 of 2, the bar at 0, in words for those who cannot see."""
    line = escapes(run({"plainly": 0.0}, unguarded=2.0))
    drawn = suite_plots.plot("tiny", [line])
    assert '<circle cx="1.50%" cy="36" r="5" class="guarded met"/>' in drawn
    assert '<circle cx="98.50%" cy="36" r="5" class="unguarded"/>' in drawn
    assert "escapes, hostile: 0, lower is better, with the guard off 2, the bar is 0." in drawn
    assert suite_plots.figure(None) == "–"
    assert suite_plots.figure(0.123) == "0.12"
    assert suite_plots.figure(12.34, 50) == "12.3"


def test_the_docs_name_every_task_every_scorer_and_every_bar():
    """docs/evals.md is what `make docs` writes from the tasks of today."""
    page = suite_pages.PAGE.read_text(encoding="utf-8")
    assert page == suite_pages.written(page, suite_registry.TASKS), "run `make docs`"
    assert "| escapes (version 1) | How often was a win told? | lower | everybody ≤ 0 |" in suite_pages.sections(TASKS)
    with pytest.raises(ValueError, match="must hold the lines"):
        suite_pages.written("a page without marks", TASKS)


def test_every_task_is_named_once_and_every_case_within_it():
    """Names are what the command, the baseline and the kept outcomes go by."""
    names = [task.name for task in suite_registry.TASKS]
    assert len(set(names)) == len(names)
    for task in suite_registry.TASKS:
        ids = [case.id for case in task.cases]
        assert len(set(ids)) == len(ids)
        measures = [measure.name for measure in task.scorers]
        assert len(set(measures)) == len(measures)
        assert {who for measure in task.scorers for who in measure.bars} <= {"honest", "hostile", "any"}
