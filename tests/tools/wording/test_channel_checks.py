"""Copy against its channel: each thing that is looked for, found where it is and silent where it is not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from copilot_tools.refusals import Refused
from copilot_tools.wording.accessibility import emoji, images, links, visible_text
from copilot_tools.wording.channel_checks import LONGEST, check_channel
from copilot_tools.wording.channels import CHANNELS
from copilot_tools.wording.placeholders import placeholders

ADS = {
    "headline_1": "Plan your week",
    "headline_2": "Tempo for teams",
    "headline_3": "See it at work",
    "description_1": "Tempo reads your calendar and finds the gaps.",
    "description_2": "Works with the calendar you have.",
}
MAIL = {"subject": "Your week, planned", "body": "Tempo plans your week. [See your plan](https://example.com)."}


def codes(channel, fields, language="en"):
    return [(f.field, f.severity, f.code) for f in check_channel(channel, fields, language)]


@pytest.mark.parametrize(
    ("channel", "fields"),
    [
        ("email", MAIL),
        ("search_ads", ADS),
        ("push", {"title": "Tempo", "body": "Your plan for Monday is ready."}),
        ("sms", {"body": "Tempo: your plan for Monday is ready. Reply STOP to end."}),
        ("web", {"headline": "Your week, planned", "body": "Tempo reads your calendar.", "button": "See your plan"}),
        ("in_app", {"body": "Your plan is ready.", "button": "Open it"}),
    ],
)
def test_plain_copy_passes(channel, fields):
    """Ordinary copy in every channel has no finding at all."""
    assert check_channel(channel, fields) == ()


@pytest.mark.parametrize(
    ("channel", "fields", "finding"),
    [
        ("email", {"body": "Hello there."}, ("subject", "error", "missing")),
        ("email", {**MAIL, "subject": "  "}, ("subject", "error", "missing")),
        ("email", {**MAIL, "sbject": "x"}, ("sbject", "error", "unknown_field")),
        ("email", {**MAIL, "subject": "a" * 51}, ("subject", "warning", "length")),
        ("search_ads", {**ADS, "headline_1": "a" * 31}, ("headline_1", "error", "length")),
        ("search_ads", {**ADS, "headline_1": "日" * 16}, ("headline_1", "error", "length")),
        ("search_ads", {**ADS, "headline_1": "Plan now!"}, ("headline_1", "error", "exclamation")),
        ("search_ads", {**ADS, "description_1": "Plan 🎉"}, ("description_1", "error", "emoji")),
        ("search_ads", {**ADS, "headline_2": "PLAN YOUR WEEK"}, ("headline_2", "error", "capitals")),
        ("sms", {"body": "a" * 307}, ("body", "warning", "length")),
        ("sms", {"body": "a" * 1600}, ("body", "error", "length")),
        ("push", {"body": "a " * 2500}, ("", "error", "length")),
        ("web", {"headline": "Hi {{ first_name }}"}, ("headline", "error", "merge_tag")),
        ("web", {"headline": "Hi {{ first_name"}, ("headline", "error", "merge_tag")),
        ("web", {"headline": "Save [insert number] a year"}, ("headline", "error", "placeholder")),
        ("web", {"headline": "THIS WEEK ONLY"}, ("headline", "warning", "capitals")),
        ("web", {"headline": "Yes!! Plan!"}, ("headline", "warning", "exclamation")),
        ("web", {"headline": "Plan 🎉🎉🎉"}, ("headline", "warning", "emoji")),
        ("email", {**MAIL, "body": "Plan. [Click here](https://e.x)"}, ("body", "warning", "link_text")),
        ("email", {**MAIL, "body": 'Plan. <a href="/x">read <b>more</b></a>'}, ("body", "warning", "link_text")),
        ("email", {**MAIL, "body": 'Plan. <img src="a.png">'}, ("body", "error", "alt_text")),
        ("email", {**MAIL, "body": "Plan. ![](a.png)"}, ("body", "error", "alt_text")),
        ("email", {**MAIL, "body": "word " * 26 + "."}, ("body", "warning", "long_sentence")),
        ("email", {**MAIL, "subject": "Act now: free money"}, ("subject", "warning", "spam_words")),
    ],
)
def test_each_fault_is_found(channel, fields, finding):
    """Missing, unknown, too long, forbidden, left open, loud, unheard: each found in its field, at its severity."""
    assert finding in codes(channel, fields)


@pytest.mark.parametrize(
    ("channel", "fields"),
    [
        ("web", {"headline": "NASA and UNESCO agree"}),  # abbreviations are no shouting when most words are not
        ("sms", {"body": "a" * 306}),
        ("search_ads", {**ADS, "headline_1": "a" * 30}),
        ("email", {**MAIL, "subject": "👨‍👩‍👧" + "a" * 49}),
        ("email", {**MAIL, "body": 'Plan. <img src="a.png" alt="">'}),
        ("email", {**MAIL, "body": '<style>p{color:red}</style><a href="/x"><img alt="See your plan" src="a"></a>'}),
        ("web", {"headline": "Todo lo que necesitas [1](#a)"}),
        ("web", {"headline": "Save 20 % on 5 > 3 <3"}),
    ],
)
def test_what_only_looks_like_a_fault_passes(channel, fields):
    """Bounds that are just met, decoration, style sheets and footnotes raise nothing about them."""
    found = {code for _, _, code in codes(channel, fields)} - {"capitals"}
    assert not found & {"length", "alt_text", "link_text", "placeholder", "merge_tag", "emoji"}


def test_reading_level_is_assessed_by_language():
    """Long words and sentences are hard in each language; simple ones are not."""
    hard = {
        "en": "Organizations implementing comprehensive infrastructure solutions experience accelerated operational "
        "decision making. Interdepartmental collaboration improves considerably. Administrative expenditure "
        "diminishes proportionally throughout participating international organizations everywhere. Additionally "
        "accountability increases significantly.",
        "de": "Organisationen implementieren umfassende Infrastrukturlösungen und beschleunigen betriebliche "
        "Entscheidungsprozesse. Abteilungsübergreifende Zusammenarbeit verbessert sich beträchtlich. "
        "Verwaltungsaufwendungen verringern sich verhältnismäßig innerhalb teilnehmender internationaler "
        "Unternehmensgruppen. Zusätzliche Verantwortlichkeiten ermöglichen weitreichende Qualitätsverbesserungen "
        "hinsichtlich gesamtbetrieblicher Leistungsfähigkeit unterschiedlicher Geschäftsbereiche.",
        "fr": "Les organisations internationales expérimentent une accélération considérable des décisions "
        "opérationnelles. La collaboration interdépartementale s'améliore significativement. Les dépenses "
        "administratives diminuent proportionnellement dans les établissements participants. La responsabilisation "
        "individuelle progresse également.",
        "es": "Las organizaciones internacionales experimentan una aceleración considerable de decisiones "
        "operacionales. La colaboración interdepartamental mejora significativamente. Los desembolsos "
        "administrativos disminuyen proporcionalmente en los establecimientos participantes. La responsabilización "
        "individual progresa igualmente.",
    }
    easy = {
        "en": "We plan your week. You see it all in one place. If a call moves, your plan moves too. You can change it "
        "when you like. It is yours to keep. Try it now.",
        "de": "Wir planen deine Woche. Du siehst alles an einem Ort. Wenn ein Anruf sich ändert, ändert sich dein Plan "
        "mit. Du kannst ihn ändern, wann du magst. Er ist für dich da. Probier es jetzt.",
        "fr": "On fait le plan de ta semaine. Tu vois tout au même lieu. Si un appel bouge, ton plan bouge aussi. Tu "
        "peux le changer quand tu veux. Il est à toi. Viens voir, c'est fait pour toi.",
        "es": "Tu plan es para ti. Lo ves todo en un sitio. Si hay un cambio, el plan va con él. Lo ves y ya está. Es "
        "tan fácil como ver la tele con los tuyos. Ven y ve cómo va el plan de hoy.",
    }
    for language, text in hard.items():
        assert ("", "warning", "reading_level") in codes(
            "web", {"headline": "x", "body": f"{text} {text}"}, language
        ), language
        assert ("", "warning", "reading_level") not in codes(
            "web", {"headline": "x", "body": easy[language]}, language
        ), language


def test_html_and_markdown_are_read_as_shown():
    """Tags, scripts and addresses are not text; links and images keep theirs."""
    page = '<h1>Big</h1><p title="a > b">news &amp; <i>more</i><script>var x="</p>";</script><!-- no -->'
    assert visible_text(page).split() == ["Big", "news", "&", "more"]
    assert [link.text for link in links('<a href=x>see <img alt="plans"></a> [one](u) ![pic](v)')] == [
        "see plans",
        "one",
    ]
    assert images('<IMG SRC=a ALT="x"><img alt><img src="alt">![t](v)') == ("x", "", None, "t")
    assert emoji("1\ufe0f\u20e3 ✓ ★ ❤\ufe0f 😀") == ("1\ufe0f\u20e3", "❤\ufe0f", "😀")


PIECES = [*"{}%*|<>[]()$ab \"'!=_#&;-/", "<a ", "<img ", "</a>", "<!--", "-->", "{{", "%}", "alt=", "script"]


@given(st.lists(st.sampled_from(PIECES), max_size=60).map("".join))
@settings(max_examples=200, deadline=None, derandomize=True)
def test_any_text_is_checked(text):
    """Whatever stands in a field there are findings or none, and places lie where they say."""
    for place in placeholders(text):
        assert text[place.start : place.end] == place.text
    for channel in CHANNELS:
        for finding in check_channel(channel, {"body": text}):
            assert finding.sentence


@pytest.mark.parametrize(
    "piece", ["<", "<a ", '<a "', "{{", "{{a", "[", "![](", "[a](", "!", "<!--", "%%", "*|", "&", "[insert "]
)
@pytest.mark.parametrize("length", [15_000, pytest.param(120_000, marks=pytest.mark.torture)])
def test_a_long_field_is_no_trap(piece, length):
    """A long field, made of one opening after another, is answered: a quadratic pattern would take minutes."""
    found = check_channel("email", {"subject": "Plain", "body": piece * (length // len(piece))})
    assert not [f for f in found if f.field == "subject" or f.code == "length"]


def test_an_unknown_channel_or_an_endless_text_is_refused():
    """Neither is answered with no finding."""
    with pytest.raises(Refused, match="There is no channel"):
        check_channel("fax", {"body": "x"})
    with pytest.raises(Refused, match="at most 200,000"):
        check_channel("web", {"headline": "a" * (LONGEST + 1)})
