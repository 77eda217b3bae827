"""Named mechanisms as data, and what a text shows of them."""

from __future__ import annotations

import pytest

from copilot_tools.refusals import Refused
from copilot_tools.wording.channels import channels
from copilot_tools.wording.mechanisms import LANGUAGES, mechanism, mechanisms, shown
from copilot_tools.wording.phrases import pattern

SHOWN = [
    ("Don't lose your photos", "en", "loss_aversion"),
    ("Trusted by 3,000 teams", "en", "social_proof"),
    ("Dermatologists recommend it", "en", "authority"),
    ("Only 3 rooms left", "en", "scarcity"),
    ("Ends at midnight", "en", "urgency"),
    ("What do chefs eat at home?", "en", "curiosity"),
    ("Set up in two minutes", "en", "ease"),
    ("Pause whenever you like", "en", "control"),
    ("Money back within 30 days", "en", "risk_reversal"),
    ("Unlike other banks", "en", "contrast"),
    ("We plant a tree for every order", "en", "values"),
    ("Verpassen Sie nichts", "de", "loss_aversion"),
    ("Dernière chance", "fr", "urgency"),
    ("Sin riesgo", "es", "risk_reversal"),
]


@pytest.mark.parametrize(("text", "language", "name"), SHOWN)
def test_a_text_shows_its_mechanism(text, language, name):
    """Each framing is recognized by the words that make it."""
    assert name in {s.name for s in shown(text, language)}


def test_plain_text_shows_none():
    """A sentence that gives no reason to act shows no mechanism, and neither does a language without markers."""
    assert shown("Chapter four is about verbs") == ()
    assert shown("Sista chansen", "sv") == ()


def test_markers_are_whole_words():
    """A marker inside another word is no marker: "wholesale" is no sale, "endorsed" ends nothing."""
    assert "savings" not in {s.name for s in shown("Our wholesale partners")}
    assert "urgency" not in {s.name for s in shown("The road bends here")}


def test_every_mechanism_is_told_in_full():
    """Title, definition, reference and caution stand there; every marker can be looked for; channels use known ones."""
    names = [m.name for m in mechanisms()]
    assert len(names) >= 20
    assert len(set(names)) == len(names)
    for known in mechanisms():
        assert known.definition.endswith(".")
        assert known.reference
        assert known.caution.endswith(".")
        assert all(known.markers[language] for language in LANGUAGES)
        for language in LANGUAGES:
            for marker in known.markers[language]:
                assert not pattern([marker]).match("  "), marker
    for channel in channels():
        assert set(channel.mechanisms) <= set(names)


def test_a_mechanism_is_found_by_name_or_title():
    """Capitals, blanks and hyphens do not count; a strange name is refused with the nearest."""
    assert mechanism("Loss-Aversion") == mechanism("loss_aversion")
    with pytest.raises(Refused, match="Did you mean social_proof"):
        mechanism("social prof")
