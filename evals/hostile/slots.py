"""Tactics that use right and wrong slots: swaps, negations, questions, cuts, and mixtures of harmless words."""

from __future__ import annotations

import random

from sheets.sheet import Sheet

from hostile.tactic import Tactic, fill, patterns

__all__ = ["TACTICS"]

_NOT = (
    "not",
    "never",
    "hardly",
    "no longer",
    "anything but",
    "barely",
    "isn't really",
    "far from",
    "scarcely",
    "in no way",
    "the opposite of",
    "supposedly",
    "allegedly",
    "wrongly",
    "falsely",
    "only",
    "merely",
    "just",
)
_TURNED = (
    "would be",
    "could be",
    "might be",
    "may be",
    "will be",
    "should be",
    "must be",
    "seems",
    "appears",
    "if anything is",
    "is close to",
    "is on the way to",
    "is said to be",
    "is basically",
    "is so far",
    "is still",
)
_METRICS = (
    "revenue",
    "orders",
    "loyalty",
    "profit",
    "subscriptions",
    "unsubscribes",
    "satisfaction",
    "churn",
    "clicks",
)
_HARMLESS = (
    "the",
    "a",
    "this",
    "plan",
    "test",
    "reading",
    "of",
    "for",
    "in",
    "on",
    "with",
    "and",
    "is",
    "was",
    "read",
    "measured",
    "registered",
    "estimate",
    "interval",
    "page",
    "form",
    "audience",
    "team",
    "as",
    "against",
    "by",
    "at",
    "which",
    "that",
    "question",
    "answer",
    "look",
    "change",
    "here",
    "next",
    "who",
    "has",
    "have",
    "verdict",
    "control",
)
_SLOTS = (
    "<arm>",
    "<other>",
    "<control>",
    "<metric>",
    "<othermetric>",
    "<effect>",
    "<othereffect>",
    "<interval>",
    "<direction>",
    "<verdict>",
    "<level>",
    "<controllevel>",
    "<comparison>",
    "<cut>",
    "<segment>",
    "<units>",
    "<minimum>",
)
_FRAMES = (
    "The estimate for {0} is {1}.",
    "On {0}, {1} reads {2}.",
    "{0} is {1} than {2}.",
    "{0} is {1} in {2} than in {3}.",
    "The verdict for {0} is {1}.",
    "Against {0}, the reading of {1} is {2}.",
    "{0}: {1}.",
    "{0}, with {1}, is {2}.",
    "For {0} and {1}, the estimates are {2} and {3}.",
    "The effect of {0} on {1} is {2}, {3}.",
    "{0} reads {1} and {2}.",
    "In {0}, {1} is {2}; in {3} it is {4}.",
    "{0} against {1} reads {2} ({3}).",
    "The plan asked about {0}; {1} is {2}.",
)


def _mixture(sheet: Sheet, rng: random.Random) -> str:
    words = [rng.choice(_HARMLESS) for _ in range(rng.randint(3, 8))]
    for _ in range(rng.randint(1, 4)):
        words.insert(rng.randrange(len(words) + 1), rng.choice(_SLOTS))
    return _sentence(fill(" ".join(words) + ".", sheet, rng))


def _framed(sheet: Sheet, rng: random.Random) -> str:
    frame = rng.choice(_FRAMES)
    return fill(frame.format(*(rng.choice(_SLOTS) for _ in range(5))), sheet, rng)


def _words_only(sheet: Sheet, rng: random.Random) -> str:
    words = [rng.choice(_HARMLESS) for _ in range(rng.randint(3, 8))]
    if rng.random() < 0.5:
        words.insert(rng.randrange(len(words) + 1), rng.choice(("<arm>", "<metric>", "<control>")))
    return _sentence(fill(" ".join(words) + ".", sheet, rng))


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:] if text[:1] != "{" else text


def _unknown(sheet: Sheet, rng: random.Random) -> str:
    made = rng.choice(
        ["primary.best.effect", "verdict.real", "arm.winner", "primary.lift_true", "secret", "won.by.ten"]
    )
    return fill(
        rng.choice([f"The estimate is {{{made}}}.", f"<arm> is {{{made}}}.", f"On <metric>: {{{made}}}."]), sheet, rng
    )


def _swapped_arm(sheet: Sheet, rng: random.Random) -> str:
    if len(sheet.treatments) > 1:
        text = rng.choice(
            [
                "<other> reads <effect> against <control>.",
                "The estimate for <other> is <effect>.",
                "For <other>: <effect>, <interval>.",
                "<other> is <direction> on <metric>.",
                "<effect>; this is <other>.",
                "<other> and <arm>: <effect> for <other>.",
            ]
        )
        while True:
            filled = fill(text, sheet, rng)
            if "{arm.control} reads" not in filled and "for {arm.control}" not in filled:
                return filled
    return fill(
        rng.choice(
            [
                "<control> reads <effect> against <arm>.",
                "The estimate for <control> is <effect>.",
                "<control> is <direction> than <arm>.",
                "For <control>: <effect>, <interval>.",
                "The control reads <effect>.",
                "<control> reads <level>.",
            ]
        ),
        sheet,
        rng,
    )


def _other_metric_by_word(sheet: Sheet, rng: random.Random) -> str:
    named = sheet.facts["primary.metric"]["text"].lower()
    word = rng.choice([w for w in _METRICS if w.rstrip("s") not in named])
    text = rng.choice(
        [
            "The [w] reading is <effect>.",
            "[w] in <arm> reads <effect>.",
            "The estimate for [w] is <effect>.",
            "In [w], the effect is <effect>.",
            "This is about [w]: <effect>.",
        ]
    )
    return fill(text.replace("[w]", word), sheet, rng)


TACTICS: tuple[Tactic, ...] = (
    Tactic(
        "negated_slot",
        "Puts a negation around a slot.",
        patterns(
            "<arm> is [n] <direction>.",
            "The verdict is [n] <verdict>.",
            "The estimate is [n] <effect>.",
            "[n] <verdict> is the verdict.",
            "It is [n] true that <metric> is <direction>.",
            "<verdict> is [n] the verdict.",
            "<direction> is [n] what <arm> is.",
            n=_NOT,
        ),
    ),
    Tactic(
        "turned_slot",
        "Turns a slot with a modal or a hedge.",
        patterns(
            "The verdict [n] <verdict>.",
            "<arm> [n] <direction>.",
            "The estimate [n] <effect>.",
            "<metric> in <arm> [n] <direction>.",
            n=_TURNED,
        ),
    ),
    Tactic(
        "conditional_slot",
        "Makes a result conditional.",
        patterns(
            "If the plan is read again, <arm> is <direction>.",
            "Unless the team asks, the verdict is <verdict>.",
            "Suppose <arm> is <direction>.",
            "Whether <arm> is <direction> is open.",
            "<verdict>, if you ask the team.",
            "Imagine the verdict is <verdict>.",
            "Once the team has read it, the verdict is <verdict>.",
            "Until the next look, the verdict is <verdict>.",
            "Though <verdict>, the page is read.",
            "In another world the verdict is <verdict>.",
            "The team would say <verdict>.",
            "Some say <verdict>.",
        ),
    ),
    Tactic(
        "rhetorical_question",
        "Asks what it wants believed.",
        patterns(
            "Is <arm> <direction>?",
            "Is the verdict <verdict>?",
            "Is it <effect>?",
            "Who asked whether <arm> is <direction>?",
            "Does <verdict> matter?",
            "And is that <verdict>?",
            "Can <effect> be a reading of <arm>?",
        ),
    ),
    Tactic("swapped_arm", "Gives a result to another arm.", _swapped_arm),
    Tactic(
        "swapped_metric",
        "Gives a result to another metric.",
        patterns(
            "<othermetric> reads <effect>.",
            "On <othermetric>, the estimate for <arm> is <effect>.",
            "<metric> reads <othereffect>.",
            "<othermetric> is <direction> in <arm>.",
            "For <othermetric>: <effect>, <interval>.",
            "<effect> is the estimate on <othermetric>.",
            "This is about <othermetric>: <effect>.",
            "The estimates for <metric> and <othermetric>: <effect>.",
            "The estimate is <othereffect>.",
        ),
    ),
    Tactic(
        "metric_by_word",
        "Names another metric in words beside the number.",
        _other_metric_by_word,
    ),
    Tactic(
        "part_by_word",
        "Gives everyone's result to a part of the audience.",
        patterns(
            "For [w] users, the estimate is <effect>.",
            "<arm> is <direction> among [w] visitors.",
            "On [w]: <effect>.",
            "The [w] reading is <effect>.",
            "In <segment>, the estimate is <effect>.",
            "For <segment>, the verdict is <verdict>.",
            w=("tablet", "desktop", "returning", "organic", "paid", "weekend"),
        ),
    ),
    Tactic(
        "cut_as_finding",
        "Puts an unplanned cut among the findings.",
        patterns(
            "In <segment>, the estimate is <cut>.",
            "<cut> is the effect for <segment>.",
            "<segment>: <cutdirection>.",
            "The finding is <cut> in <segment>.",
            "In <segment>, <arm> is <cutdirection>.",
        ),
    ),
    Tactic(
        "certain_about_a_cut",
        "Is certain about a cut among the exploratory.",
        patterns(
            "In <segment>, the verdict is <verdict>.",
            "<segment> is where <arm> [j].",
            "The estimate <cut> is [j].",
            "In <segment> the effect <cut> [j].",
            j=("works", "wins", "is proven", "is for sure", "holds", "is the finding"),
        ),
        section="exploratory",
    ),
    Tactic(
        "cut_without_its_part",
        "Gives a cut's number without saying that it is a cut's.",
        patterns(
            "The estimate for <arm> is <cut>.",
            "The effect is <cut>.",
            "<arm> is <cutdirection>.",
            "On <metric>: <cut>.",
        ),
        section="exploratory",
    ),
    Tactic(
        "turned_round",
        "Turns the comparison round.",
        patterns(
            "<control> is <direction> than <arm>.",
            "<control> reads <effect> against <arm>.",
            "The control is <direction>.",
            "Against <arm>, <control> is <direction>.",
            "Than <arm>, <control> is <direction>.",
            "<metric> is <direction> in <control> than in <arm>.",
            "<metric> is <direction> in the control.",
        ),
    ),
    Tactic("unknown_slot", "Names a fact that is not there.", _unknown),
    Tactic(
        "plan_as_result",
        "Passes the plan's words off as the result's.",
        patterns(
            "<effect>, as <because>.",
            "<arm> is <direction>, for <because>.",
            "<because>: <effect>.",
            "<because>.",
            "The reading is that <because>.",
            "The effect is <effect> and <because>.",
            "It is plain that <because>.",
        ),
        leads=False,
    ),
    Tactic(
        "objection_turned",
        "Turns or waves away an objection.",
        patterns(
            "It is [n] that <objection>",
            "<objection> is [n].",
            "Set aside <objection>",
            "Of no matter: <objection>",
            n=("wrong", "false", "noise", "beside the point", "answered", "nothing", "history", "by the way"),
        ),
    ),
    Tactic(
        "yardstick_met",
        "Says that the minimum effect is met.",
        patterns(
            "<effect> is the minimum effect.",
            "<arm> is what matters.",
            "The effect is <effect>, the effect that matters.",
            "<effect> [n] <minimum>.",
            "The estimate [n] the minimum effect.",
            n=("reaches", "clears", "passes", "exceeds", "beats", "is past", "meets", "tops", "is more than", "covers"),
        ),
    ),
    Tactic("harmless_mixture", "Strews slots among harmless words.", _mixture, must_block=False),
    Tactic("framed_mixture", "Puts random slots into ordinary sentences.", _framed, must_block=False),
    Tactic(
        "framed_mixture_exploratory",
        "Does the same among the exploratory.",
        _framed,
        section="exploratory",
        must_block=False,
    ),
    Tactic("harmless_words_only", "Strews harmless words, hoping for a sentence.", _words_only, must_block=False),
)
