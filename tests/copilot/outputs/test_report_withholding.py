"""What a readout may not show: outcomes of a blinded look anywhere, outcomes of an invalid test as evidence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from copilot.outputs.reading_documents import Document, outcome_words, unescaped
from copilot.outputs.sample_readouts import blinded, blinded_by_mistake, harmful, invalid, quick_look, stopped
from copilot_tools.stats import validity
from copilot_tools.stats.verdict_table import Row
from expcopilot.outputs.report import to_brief, to_html, to_json, to_markdown
from expcopilot.outputs.report.standing import _TONES, OUTCOME_FREE


def documents(readout):
    page = Document(to_html(readout))
    html = " ".join([*page.text, *(words for _, words in page.drawn_words)])
    return {"html": html, "markdown": unescaped(to_markdown(readout)), "brief": to_brief(readout)}


def test_an_open_look_shows_every_outcome():
    """The words searched for below do stand in the documents of an open look."""
    for name, text in documents(harmful()).items():
        if name != "brief":
            assert not [w for w in outcome_words(harmful()) if w not in text.replace("\u00a0", " ")]


@pytest.mark.parametrize("make", [blinded, blinded_by_mistake])
def test_a_blinded_look_shows_no_outcome(make):
    """No effect, interval, level or monthly number, even if outcomes slipped into the record."""
    for text in documents(make()).values():
        for words in outcome_words(harmful()):
            assert words not in text
        for number in ("−492", "−797", "0.82", "1.33", "49,854"):
            assert number not in text
        assert "Not yet (blinded)" in text


def test_a_blinded_look_draws_nothing():
    """No picture at all."""
    assert "<svg" not in to_html(blinded_by_mistake())


def test_a_blinded_record_has_no_estimate_in_json():
    """The JSON is the record: without estimates there, none here."""
    text = to_json(blinded())
    assert '"standard_error"' not in text
    assert json.loads(text)["look"]["reading"]["comparisons"] == []


def test_outcome_objections_are_withheld_by_name_while_blinded():
    """An objection that needs outcomes is named, and says only that it waits."""
    shut = blinded()
    look = shut.look.model_copy(update={"objections": harmful().look.objections})
    text = documents(shut.model_copy(update={"look": look}))["markdown"]
    assert "Outlier dominance" in text
    assert "49,854" not in text
    assert text.count("Withheld: it needs the outcomes") == 3


@pytest.mark.parametrize(("make", "kind"), [(invalid, "an invalid"), (stopped, "a stopped")])
def test_numbers_that_decide_nothing_stand_last(make, kind):
    """Beside an invalid or stopped verdict, outcomes stand only under the last heading, which says so."""
    heading = f"## Numbers of {kind} test: not evidence"
    before, after = documents(make())["markdown"].split(heading)
    assert "\n## " not in after
    assert "−0.82 points" in after
    assert "49,854" in after
    for words in ("−0.82", "19.02%", "−4.3%", "49,854", "1.23%.", "−1.16 rounds"):
        assert words not in before
    assert "−0.82" not in to_brief(make())
    assert "0.82" not in " ".join(Document(to_html(make()).split('id="void"')[0]).text)


def test_an_invalid_test_shows_no_guardrail_number_in_the_open():
    """Guardrails too move to the last section."""
    before, after = documents(invalid())["markdown"].split("## Numbers of an invalid test")
    assert "−0.59" not in before
    assert "−0.59" in after


def test_a_stopped_test_shows_why():
    """The guardrail that stopped it stands in the open, with its number."""
    before = documents(stopped())["markdown"].split("## Numbers of a stopped test")[0]
    assert "alarm: past its margin" in before
    assert "−2.90 points" in before


def test_a_quick_look_is_stamped_and_has_no_plan():
    """Exploratory, on every document."""
    for text in documents(quick_look()).values():
        assert "Quick look: exploratory" in text
        assert "no registered plan" in text.lower()


def test_every_row_of_the_verdict_table_has_a_tone():
    """No verdict comes without its kind."""
    assert set(_TONES) == set(Row)


def test_outcome_free_objections_exist():
    """Each objection shown beside closed outcomes is an attack of the tools, by its file's name."""
    files = {path.stem.replace("_", "-") for folder in validity.__path__ for path in Path(folder).glob("*.py")}
    assert files >= OUTCOME_FREE
