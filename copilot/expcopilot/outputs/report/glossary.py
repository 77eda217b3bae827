"""One line for each term a page uses: only those that stand on it."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["TERMS", "used"]

TERMS: tuple[tuple[str, str, str], ...] = (
    ("Amendment", r"\bamend", "A change to a registered plan, made in the open, with its reason and time."),
    ("A/A test", r"A/A", "A test whose arms are the same on purpose; a difference means the set-up is broken."),
    ("Arm", r"\barms?\b", "One version that units are assigned to; control is the one compared against."),
    ("Attested", r"\battested\b", "Decided elsewhere before the test, on somebody's word, and registered here later."),
    ("Blinded", r"\bblinded\b", "Outcomes by arm stay closed until the committed end, so nobody stops on a lucky day."),
    ("Confidence interval", r"\binterval", "The range of effects that the data does not contradict at its level."),
    ("Covariate, CUPED", r"\bCUPED\b|\bcovariate", "What was known before assignment, used to remove noise."),
    ("Dunnett", r"\bDunnett\b", "Widens intervals so that they hold for all treatment arms together."),
    ("Bonferroni", r"\bBonferroni\b", "Widens intervals so that they hold together, whatever their relation."),
    (
        "Exaggeration (type M, type S)",
        r"exaggerat|type [MS]\b",
        "How much a significant estimate from a test this size overstates, or gets the sign wrong.",
    ),
    (
        "False-positive risk",
        r"false-positive risk",
        "The chance that there is no effect although the test says so, given how often such ideas work.",
    ),
    ("Guardrail", r"\bguardrail", "A metric that must not get worse by more than its margin."),
    ("Ledger head", r"\bledger", "The fingerprint of everything recorded so far; it changes if anything earlier does."),
    (
        "Minimum effect that matters",
        r"what (?:would )?matters?\b|minimum effect",
        "The smallest effect worth acting on, named before the data was seen.",
    ),
    ("Non-inferiority", r"non-inferior|not worse", "Showing that a change is not worse by more than a margin."),
    (
        "Null",
        r"\bthe null\b",
        "The possibility that nothing happened: the result is chance or an artefact.",
    ),
    ("p-value", r"\bp\b [=<]|p-value", "How often chance alone would give a difference this large or larger."),
    ("Point", r"\bpoints?\b", "A percentage point: from 10% to 11% is one point, and 10% relative."),
    ("Power", r"\bpower\b", "The chance of finding an effect of the planned size if it is there."),
    ("Primary metric", r"\bprimary\b|\bdecides\b", "The one metric that decides, named before the data was seen."),
    ("Post hoc", r"\bpost hoc\b", "Decided after the data could have been seen: never a confirmation."),
    ("Quick look", r"\bquick look\b", "A reading without registered plan: exploratory, never a conclusion."),
    (
        "Sample ratio",
        r"\bsample ratio\b",
        "How units split over the arms; a split unlike the configured one means assignment or logging is broken.",
    ),
    ("Sided", r"\b[12]-sided\b", "Two-sided looks for better and worse; one-sided for better only."),
    (
        "Simpson's paradox",
        r"\bSimpson|\brevers",
        "A comparison that turns around once like is compared with like.",
    ),
    ("Unit", r"\bunits?\b", "What was assigned to an arm: mostly a person."),
    (
        "Valid at every look",
        r"valid at every look|always-valid",
        "An interval that keeps its promise however often one looks.",
    ),
)
"""Term, pattern that shows it is used, and its line."""


def used(words: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """The terms that stand in ``words``, in alphabetical order, each with its line."""
    page = "\n".join(words)
    return tuple(
        (term, line)
        for term, pattern, line in sorted(TERMS, key=lambda t: t[0].lower())
        if re.search(pattern, page, re.IGNORECASE if term != "A/A test" else 0)
    )
