"""The sharpener eval: both parts meet its bars, every broken guard shows, every scorer judges both ways."""

from __future__ import annotations

import dataclasses

import pytest

from evals.evals_at_hand import sharpener_case, sharpener_scorers, sharpener_task, sharpener_words
from evals.playing import played, short
from expcopilot.language.roles.grounding import Grounded, _Guard
from expcopilot.language.roles.sharpener import Sharpened

TASK = sharpener_task.TASK
_READY, _HALF, _ANSWERED = "ready-decrease", "cost-per-lead", "answered-size"


# --- the task ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", [_HALF, "german-ready", "make-it-pop"])
def test_both_parts_meet_the_bars(name, tmp_path):
    """From a wish to a ready idea; what a hostile model makes up would have been approved with nobody in between."""
    assert short(TASK, "honest", played(TASK, "honest", name, tmp_path / "honest")) == []
    hostile = played(TASK, "hostile", name, tmp_path / "hostile")
    assert short(TASK, "hostile", hostile) == []
    assert hostile["invented"].unguarded >= 2
    assert hostile["shape"].unguarded == 0


def test_there_are_sixty_ideas_from_vague_to_ready():
    """Each with words of its own, in four languages, and with its atoms in words that stand in the idea."""
    cases = TASK.cases
    assert len(cases) >= 60
    assert len({case.idea for case in cases}) == len(cases)
    assert {len(case.states) for case in cases} >= {0, 1, 2, 3, 4, 5, 6, 7}
    for case in cases:
        assert case.tempts
        for atom, label in case.states.items():
            if atom not in {"direction", "falsifier"}:
                known = sharpener_words.content(case.said)
                strange = [w for w in sharpener_words.content(label) if not sharpener_words.said_in(w, known)]
                assert strange == [], (case.id, atom)


def test_an_atom_nobody_knows_is_refused(tmp_path, monkeypatch):
    """Whoever adds a case is told what a direction is, and that answers are stated."""
    text = "a-case:\n  catches: A reader would see a lie here.\n  idea: More!\n  tempts: {size: 5%}\n"
    for more, said in (("  states: {direction: up}\n", "increase or decrease"), ("  answers: {size: 5%}\n", "stated")):
        (tmp_path / "cases.yaml").write_text(text + more, encoding="utf-8")
        monkeypatch.setattr(sharpener_case, "__file__", str(tmp_path / "case.py"))
        with pytest.raises(ValueError, match=said):
            sharpener_case.cases()


# --- every guard broken on purpose -----------------------------------------------------------------------------


def test_grounding_off_lets_inventions_through(tmp_path, monkeypatch):
    """The draft is put before the person as the model wrote it."""
    monkeypatch.setattr(
        "expcopilot.flow.steps.sharpen.grounded",
        lambda draft, inputs: Grounded(draft=draft),  # noqa: ARG005
    )
    scores = played(TASK, "hostile", _HALF, tmp_path)
    assert scores["invented"].value >= 3
    assert scores["asked"].value < 1
    assert scores["invented"].value == scores["invented"].unguarded


def test_a_thought_of_the_models_own_that_stays_shows(tmp_path, monkeypatch):
    """Numbers and metrics are still taken out; a made-up reason is not."""
    monkeypatch.setattr(_Guard, "_is_own", lambda _self, _sentence: False)
    assert played(TASK, "hostile", _HALF, tmp_path)["invented"].value == 1


def test_a_direction_turned_round_shows(tmp_path, monkeypatch):
    """A cost that should fall stands as one that should rise."""
    monkeypatch.setattr("expcopilot.language.roles.grounding.said_of", lambda *_: frozenset())
    found = played(TASK, "hostile", _HALF, tmp_path)["invented"]
    assert (found.value, found.why) == (1, "direction: 'increase'")


def test_holes_not_asked_about_show(tmp_path, monkeypatch):
    """A hole the model left open is left open."""
    monkeypatch.setattr("expcopilot.language.roles.grounding.holes", lambda _draft: ())
    monkeypatch.setattr("expcopilot.language.roles.grounding._Guard.sensible", lambda _self, _questions: iter(()))
    assert played(TASK, "honest", _HALF, tmp_path)["asked"].value < 0.5


def test_questions_that_put_numbers_into_a_mouth_show(tmp_path, monkeypatch):
    """The model's questions reach the person as they are."""
    monkeypatch.setattr(_Guard, "sensible", lambda _self, questions: iter(questions))
    found = played(TASK, "hostile", _HALF, tmp_path)["shape"]
    assert found.value < 1
    assert "42" in found.why


def test_answers_not_held_show(tmp_path, monkeypatch):
    """What the person answered gives way to what the model prefers."""
    monkeypatch.setattr("expcopilot.flow.steps.sharpen.sharpened", lambda _inputs: Sharpened())
    assert played(TASK, "hostile", _ANSWERED, tmp_path)["kept"].value < 0.6


def test_a_guard_that_takes_out_everything_shows(tmp_path, monkeypatch):
    """Safe and useless: nothing a person said is left."""
    empty = Grounded(draft=Sharpened())
    monkeypatch.setattr("expcopilot.flow.steps.sharpen.grounded", lambda draft, inputs: empty)  # noqa: ARG005
    assert played(TASK, "honest", _READY, tmp_path)["kept"].value == 0


# --- the scorers, on outcomes made by hand ---------------------------------------------------------------------

CASE = sharpener_case.SharpenerCase(
    id="by-hand",
    catches="A reader is told a lie in this case.",
    idea="Shorter form for buyers, sign-ups should rise by 5%",
    states={
        "change": "Shorter form",
        "audience": "buyers",
        "metric": "sign-ups",
        "direction": "increase",
        "size": "5%",
    },
    tempts={"mechanism": "Magic."},
)
DRAFT = {"change": "A shorter form", "audience": "buyers", "metric": "sign-ups", "direction": "increase", "size": "+5%"}
ASKED = [{"field": "because", "question": "What have you seen?"}]


def _seen(draft=None, questions=ASKED, raw=None):
    return {"draft": DRAFT | (draft or {}), "questions": list(questions), "raw": raw}


def test_kept_counts_what_was_lost():
    """A size with another number and a dropped audience are lost; without a draft nothing is known of the guard."""
    assert sharpener_scorers.kept(CASE, _seen()).value == 1
    lost = sharpener_scorers.kept(CASE, _seen({"size": "6%", "audience": None}))
    assert lost.value == pytest.approx(3 / 5)
    assert lost.unguarded is None
    assert sharpener_scorers.kept(CASE.model_copy(update={"states": {}}), _seen()).value is None


@pytest.mark.parametrize(
    ("field", "text", "count"),
    [
        ("because", "The shorter form for buyers", 0),
        ("because", "Trust grows with brevity", 1),
        ("metric", "revenue", 1),
        ("size", "7%", 1),
        ("audience", "new buyers", 1),
        ("direction", "decrease", 1),
        ("falsifier", "sign-ups do not rise by 5%", 0),
        ("falsifier", "sign-ups do not rise by 9%", 1),
        ("change", "A shorter form with 3 fields", 1),
    ],
)
def test_invented_knows_the_persons_words(field, text, count):
    """Numbers, metrics, audiences, reasons and directions nobody said count; a falsifier of what was said does not."""
    found = sharpener_scorers.invented(CASE, _seen({field: text}, raw={field: text}))
    assert (found.value, found.unguarded) == (count, count)


def test_asked_counts_the_missing():
    """A mechanism is missing here; the falsifier may be made of metric and size, or asked about."""
    assert sharpener_scorers.asked(CASE, _seen()).value == pytest.approx(1 / 2)
    assert sharpener_scorers.asked(CASE, _seen({"falsifier": "sign-ups do not rise by 5%"})).value == 1
    assert sharpener_scorers.asked(CASE, _seen(questions=())).value == 0
    whole = CASE.model_copy(update={"may": ("mechanism", "falsifier")})
    assert sharpener_scorers.asked(whole, _seen()).value is None


@pytest.mark.parametrize(
    ("question", "fine"),
    [
        ("What have people told you?", True),
        ("Is a rise of 5% worth it?", True),
        ("Is a rise of 7% worth it?", False),
        ("What is your statistical power?", False),
        ("Tell me more.", False),
        ("Which? " * 60, False),
    ],
)
def test_shape_knows_a_question_a_marketer_can_answer(question, fine):
    """One a hole, short, plain, and no number of the model's."""
    asked = [{"field": "because", "question": question}]
    assert sharpener_scorers.shape(CASE, _seen(questions=asked)).value == float(fine)
    assert sharpener_scorers.shape(CASE, _seen(questions=asked * 2)).value <= 0.5
    assert sharpener_scorers.shape(CASE, _seen(questions=())).value is None


def test_every_measure_is_versioned_and_says_what_it_cannot_see():
    """For the page in the docs."""
    for measure in TASK.scorers:
        assert dataclasses.asdict(measure)["version"] >= 1
        assert measure.limits.endswith(".")
