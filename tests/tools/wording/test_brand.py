"""A brand's style guide: read strictly, and copy held against it."""

from __future__ import annotations

import pytest

from copilot_tools.refusals import Refused
from copilot_tools.wording.brand import Style, check_brand, read_style

GUIDE = """
voice = "Warm and plain."
avoid = ["cheap", "world class", "leverag*"]
person = "you"
max_grade = 8
emoji = 1
exclamations = 0
capitals = false

[say]
"sign up" = ["register", "enrol*"]
"""


def codes(style, fields, language="en"):
    return [(f.field, f.severity, f.code) for f in check_brand(style, fields, language)]


def test_a_guide_is_read_from_toml_and_from_markdown():
    """The same settings come from either; in Markdown the prose is the voice unless the settings say one."""
    style = read_style(GUIDE)
    assert style.avoid == ("cheap", "world class", "leverag*")
    assert style.say == {"sign up": ("register", "enrol*")}
    assert read_style(f"+++\r\n{GUIDE}\r\n+++\r\n# How we sound\r\n", markdown=True) == style
    prose = read_style('\ufeff+++\navoid = ["cheap"]\n+++\n# Voice\nWe never shout.\n', markdown=True)
    assert (prose.voice, prose.avoid) == ("# Voice\nWe never shout.", ("cheap",))
    assert read_style("Just a voice.", markdown=True) == Style(voice="Just a voice.")
    assert read_style("") == Style()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("avoid = [", "cannot be read as TOML"),
        ("aviod = ['x']", "Did you mean avoid"),
        ("max_grade = 99", "max_grade is 99, but must be at most 20"),
        ("max_grade = '8'", "max_grade is '8', but must be a number"),
        ("emoji = -1", "emoji is -1"),
        ("person = 'they'", "person is 'they'"),
        ("avoid = ['...']", "avoid.0"),
        ("emoji = 1979-05-27", "emoji is"),
        ("#" * 100_001, "at most 100,000"),
    ],
)
def test_a_faulty_guide_is_refused(text, said):
    """A misspelt or impossible setting is refused by name, never passed over."""
    with pytest.raises(Refused, match=said.replace(".", r"\.")):
        read_style(text)


def test_every_problem_is_named_at_once():
    """Three faults, three refusals."""
    with pytest.raises(Refused) as refused:
        read_style("emoji = -1\nperson = 'we'\nnonsense = 1")
    assert {r.name for r in refused.value.refusals} == {"emoji", "person", "nonsense"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Your Cheap flights", "avoided_word"),
        ("Your world-class plan", "avoided_word"),
        ("Leveraging your data", "avoided_word"),
        ("Register yourself", "preferred_word"),
        ("Enrolling is up to you", "preferred_word"),
        ("You and you 🎉🎉", "emoji"),
        ("Your plan!", "exclamation"),
        ("Your PLAN", "capitals"),
    ],
)
def test_each_rule_is_held(text, code):
    """Words to avoid, words to say instead, emoji, exclamation marks and capitals: each an error in its field."""
    assert codes(read_style(GUIDE), {"headline": text}) == [("headline", "error", code)]


def test_copy_in_voice_passes():
    """Words that only contain an avoided word, and what the guide allows, raise nothing."""
    assert codes(read_style(GUIDE), {"headline": "Your plan, cheaply told 🎉", "button": "Sign up"}) == []
    assert codes(Style(), {"headline": "CHEAP!!! 🎉🎉🎉"}) == []


@pytest.mark.parametrize(
    ("language", "silent", "spoken"),
    [
        ("en", "A plan for teams", "A plan for your team"),
        ("de", "Ein Plan für Teams", "Ein Plan für dein Team"),
        ("fr", "Un plan simple", "Un plan pour vous"),
        ("es", "Un plan sencillo", "Un plan para ti"),
    ],
)
def test_copy_must_speak_to_its_reader(language, silent, spoken):
    """Where the guide says "you", copy without any form of it is pointed out, over all fields together."""
    style = Style(person="you")
    assert codes(style, {"headline": silent}, language) == [("", "warning", "person")]
    assert codes(style, {"headline": silent, "body": spoken}, language) == []


def test_the_guides_reading_level_is_held():
    """Copy above the guide's grade, or below its ease, is an error; short copy is not assessed."""
    long = "International organizations implement comprehensive operational infrastructure. " * 6
    assert codes(Style(max_grade=8), {"body": long}) == [("", "error", "reading_level")]
    assert codes(Style(max_grade=8), {"body": "Operational infrastructure."}) == []
    french = "Les organisations internationales expérimentent une accélération considérable. " * 6
    assert codes(Style(min_ease=60), {"body": french}, "fr") == [("", "error", "reading_level")]
