"""Evidence: verbatim quotations at exact places, and every labelled pair of claim and source answered right."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_tools.catalogue import find
from copilot_tools.refusals import Refused
from copilot_tools.wording.quotes import evened, find_quotation, match_quotation
from evals.evals_at_hand import evidence_score

PAIRS = [*evidence_score.pairs("pairs.yaml"), *evidence_score.pairs("attacks.yaml")]
CODES = {
    "expired": {"expired"},
    "paraphrase": {"not_verbatim"},
    "case": {"not_verbatim"},
    "opposite": {"opposite", "cut"},
    "character": {"not_verbatim", "cut"},
    "zero-width": {"not_verbatim", "claim_unreadable"},
    "look-alike": {"not_verbatim", "claim_unreadable"},
    "line break": {"not_verbatim"},
    "riding": {"quantity"},
    "unrelated": {"unrelated"},
    "swapped": {"unrelated"},
    "denied": {"unasserted", "cut"},
    "supposed": {"unasserted"},
    "struck": {"unasserted"},
    "figure": {"quantity", "unrelated"},
    "hidden": {"claim_unreadable"},
}


def test_there_are_enough_pairs_of_every_kind():
    """At least 200 pairs, every kind of fault among them, and both answers."""
    assert len(PAIRS) >= 200
    kinds = {pair["kind"] for pair in PAIRS}
    assert kinds >= {"sourced", "number", "unit", "rounding", "bound", "range", "currency", "words", "honest", *CODES}
    assert 0.3 < sum(pair["ok"] for pair in PAIRS) / len(PAIRS) < 0.7
    assert len({str(pair) for pair in PAIRS}) == len(PAIRS)


@pytest.mark.parametrize("pair", PAIRS, ids=[f"{i}-{p['kind']}" for i, p in enumerate(PAIRS)])
def test_every_pair_is_answered_right(pair):
    """The answer is the labelled one, a refusal is of its kind, and it says why in one plain sentence."""
    match = evidence_score.judged(pair)
    assert match.sourced is pair["ok"], match.why
    assert match.why.endswith((".", '"."'))
    assert "\n" not in match.why
    if not match.sourced:
        assert match.code in CODES.get(pair["kind"], {"quantity", "cut", "opposite"})
    else:
        assert match.place is not None
        source = pair.get("source", pair.get("quote"))
        assert source[match.place.start : match.place.end] == match.place.quotation


@given(
    before=st.text(max_size=20),
    words=st.lists(st.text(alphabet="ab9%é€😀", min_size=1, max_size=5), min_size=1, max_size=5),
    gaps=st.lists(st.sampled_from([" ", "  ", "\n", "\r\n", "\u00a0", "\t \n"]), min_size=5, max_size=5),
    after=st.text(max_size=20),
)
def test_a_quotation_is_found_at_its_place_through_any_white_space(before, words, gaps, after):
    """However the source breaks its lines, the place found is the place in the source as it stands."""
    stands = "".join(word + gap for word, gap in zip(words, gaps, strict=False)).rstrip()
    source = f"{before} {stands} {after}"
    places = find_quotation(" ".join(words), source)
    assert (len(before) + 1, len(before) + 1 + len(stands)) in {(p.start, p.end) for p in places}
    for place in places:
        assert source[place.start : place.end] == place.quotation
        assert evened(place.quotation)[0] == " ".join(words)


@given(st.text(max_size=200), st.text(max_size=40))
def test_any_text_gets_an_answer(source, quotation):
    """No quotation and no source makes it raise, and what does not stand there is never sourced."""
    match = match_quotation("Over 40% of users", quotation, source)
    if evened(quotation)[0].strip(" ") not in evened(source)[0] or not quotation.strip():
        assert not match.sourced


@pytest.mark.parametrize(
    ("quotation", "source", "named"),
    [
        ("The fast", "the fast", "capital letters"),
        ("it’s", "it's", "apostrophe"),
        ("f\u0430st cars", "fast cars", "another script"),
        ("fa\u200bst cars", "fast cars", "invisible"),
        ("cafe\u0301 here", "café here", "composed differently"),
        ("４0% here", "40% here", "width"),
        ("l0 users", "10 users", "looks like a digit"),
        ("40 % off", "40% off", "white space"),
        ("41.3% of buyers finished here", "41.3% of shoppers finished here", "nearest there"),
        ("nothing alike", "quite another text", "does not stand"),
    ],
)
def test_the_reason_names_the_difference(quotation, source, named):
    """Whoever is refused learns which kind of character keeps the quotation from standing there."""
    assert named in match_quotation("it works", quotation, source).why


def test_only_the_numbers_of_the_span_are_looked_for():
    """Two claims of one sentence may rest on two sources."""
    sentence = "3 in 4 customers save 40%."
    quotation = "3 in 4 customers came back"
    assert match_quotation(sentence, quotation, quotation, span=(0, 16), apart=[(17, 25)]).sourced
    assert not match_quotation(sentence, quotation, quotation, span=(0, 16)).sourced
    assert not match_quotation(sentence, quotation, quotation).sourced


def test_a_span_declared_apart_does_not_cover_the_claim_itself():
    """Who declares the claim's own words apart, or a part of a figure, frees no number of it."""
    sentence, quotation = "3 in 4 customers save 40%.", "Customers save money."
    assert not match_quotation(sentence, quotation, quotation, span=(0, 16), apart=[(0, 25)]).sourced
    assert not match_quotation(sentence, quotation, quotation, span=(7, 16), apart=[(0, 3), (22, 23)]).sourced


def test_a_second_place_may_do_where_the_first_is_cut():
    """Where the words stand twice, once whole, the whole one counts."""
    source = "Up to 40% off today. Members always get 40% off."
    match = match_quotation("40% off", "40% off", source)
    assert match.sourced
    assert match.place is not None
    assert match.place.start == source.rindex("40% off")


def test_a_source_of_a_megabyte_is_searched():
    """A long source with many near places is answered."""
    source = "40% of users came back. " * 45_000
    assert match_quotation("40% of users", "40% of users came back", source).sourced
    assert not match_quotation("41% of users", "41% of users came back", source).sourced


def test_the_tool_answers_as_the_function_does():
    """The catalogue's tool gives the same answer as JSON, and refuses a span outside the claim."""
    tool = find("match_evidence")
    given_ = {"claim": "over 40%", "quotation": "41.3% of users", "source": "In May 41.3% of users came."}
    found = tool.run(given_)
    assert (found.sourced, found.start, found.end) == (True, 7, 21)
    late = tool.run({**given_, "expires": "2026-01-01", "today": "2026-01-02"})
    assert (late.sourced, late.code) == (False, "expired")
    for bad in (
        {"end": 99},
        {"apart": [(5, 99)]},
        {"expires": "2026-01-01"},
        {"expires": "2026-13-01", "today": "2026-01-01"},
    ):
        with pytest.raises(Refused):
            tool.run({**given_, **bad})
