"""The sharpener's guard: what the person did not say is taken out of the draft, and asked for instead.

A number, a metric, an audience or a reason that the model brought along would be registered as if somebody had decided
it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path

from copilot_tools.base import Frozen
from expcopilot.language.roles.directions import Direction, is_pointing, said_of
from expcopilot.language.roles.experimenter import QUESTIONS, about_ai, holes
from expcopilot.language.roles.quantities import Quantity, quantities
from expcopilot.language.roles.sharpener import (
    GuardrailIdea,
    OpenQuestion,
    Sharpened,
    SharpenerField,
    SharpenerInputs,
)

__all__ = ["Grounded", "Removed", "grounded"]

_PROSE: tuple[SharpenerField, ...] = ("change", "because", "falsifier", "north_star")
_ATOMS = frozenset({"change", "because", "falsifier"})
"""What is tested, and must be the person's thought; how a number serves the main goal is only an explanation."""


def _data(name: str) -> frozenset[str]:
    text = Path(__file__).with_name(name).read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() for word in line.split("#", 1)[0].split())


_METRIC_WORDS = _data("metric_words.txt")
_FREE = _data("function_words.txt")
_ENDINGS = ("ings", "ing", "ers", "ors", "er", "or", "ed", "es", "s", "e")
_LONGEST_HINT = 80
_ALIKE = 0.8
_SLIPS = 4
"""How much of two words must agree for one to be the other with a slip of the pen ("buton"), and how long both are."""
_ELSEWHERE = re.compile(r"://|\bwww\.|[\w.+-]@\w|\]\(|<[a-z/!]", re.IGNORECASE)
"""Addresses and markup: what somebody else wrote may have asked for it, and a question needs neither."""
_SENTENCE = re.compile(r"(?<=[.!?;])\s+")
_BLANKS = frozenset({"", "unknown", "none", "null", "tbd", "todo", "tba", "n/a", "na", "not stated", "not given", "?"})


class Removed(Frozen):
    """Something the model brought along.

    Attributes:
        field: Where it stood.
        text: What was taken out.
        reason: One plain sentence.
    """

    field: SharpenerField
    text: str
    reason: str


class Grounded(Frozen):
    """A draft with nothing in it that the person did not say, and what was taken out.

    Attributes:
        draft: The draft; every hole has a question.
        removed: What was taken out, for the record.
    """

    draft: Sharpened
    removed: tuple[Removed, ...] = ()


def grounded(draft: Sharpened, inputs: SharpenerInputs) -> Grounded:
    """Take out of a draft every number, metric and audience that the person did not say, and ask for it.

    So is a sentence most of whose words nobody said (a change or a reason of the model's own), and a direction that is
    the other one than was said. Said is: the idea, the person's answers, and the names of the metrics that exist.
    Similar experiments and the channel's examples are not the person's words. Pure; no text makes it raise.

    Example:
        >>> inputs = SharpenerInputs(idea="a shorter form should bring more sign-ups")
        >>> found = grounded(Sharpened(change="a shorter form", metric="sign-ups", size="5%"), inputs)
        >>> found.draft.metric, found.draft.size
        ('sign-ups', None)
        >>> found.removed[0].reason
        'Nobody said 5%.'
    """
    guard = _Guard(inputs)
    kept = guard.checked(draft)
    taken_out = {q.field for q in guard.questions}
    questions = [q for q in guard.sensible(draft.questions) if q.field not in taken_out] + guard.questions
    asked = {q.field for q in questions}
    questions += [q for q in (*holes(kept), *about_ai(guard.said)) if q.field not in asked]
    return Grounded(draft=kept.model_copy(update={"questions": tuple(questions)}), removed=tuple(guard.removed))


class _Guard:
    """What was said, and what is being taken out."""

    def __init__(self, inputs: SharpenerInputs) -> None:
        self._people = inputs.people
        self._free = _FREE | {_stem(w) for w in _words(f"{inputs.people} {inputs.channel}")}
        self._metrics = {_key(name): name for name in inputs.metrics}
        self._texts = [inputs.idea, *(a.answer for a in inputs.answers)]
        self.said = " ".join(self._texts)
        self._numbers = [q for text in (*self._texts, *inputs.metrics) for q in quantities(text)]
        words = [w for text in (*self._texts, *inputs.metrics) for w in _words(text)]
        self._stems = {_stem(w) for w in words}
        self._codes = {w for w in words if any(c.isdigit() for c in w)}
        self.removed: list[Removed] = []
        self.questions: list[OpenQuestion] = []

    def checked(self, draft: Sharpened) -> Sharpened:
        metric = self._metric("metric", draft.metric)
        update: dict[str, object] = {field: self._prose(field, getattr(draft, field)) for field in _PROSE}
        update |= {
            "audience": self._audience(draft.audience),
            "metric": metric,
            "direction": self._direction(draft.direction, metric),
            "size": self._amount("size", draft.size),
            "guardrails": tuple(self._guardrails(draft.guardrails)),
        }
        return draft.model_copy(update=update)

    def sensible(self, questions: Iterable[OpenQuestion]) -> Iterator[OpenQuestion]:
        """The model's own questions, one a field, that put no number into anybody's mouth and lead nowhere else."""
        seen: set[str] = set()
        for question in questions:
            text = question.question
            suggests = any(not self._was_said(q) for q in quantities(text)) or bool(_ELSEWHERE.search(text))
            if text.strip() and question.field not in seen and not suggests:
                seen.add(question.field)
                yield question

    def _take_out(self, field: SharpenerField, text: str, reason: str, question: str) -> None:
        self.removed.append(Removed(field=field, text=text, reason=reason))
        asked = OpenQuestion(field=field, question=question)
        if asked not in self.questions:
            self.questions.append(asked)

    def _metric(self, field: SharpenerField, name: str | None) -> str | None:
        name = _given(name)
        if name is None:
            return None
        known = self._metrics.get(_key(name))
        if known is not None:
            return known
        if any(_holds(text, name) for text in self._texts):
            return name
        what = "decide" if field == "metric" else "be watched for harm"
        hint = f"Should {name} {what}? " if self._may_be_suggested(name) else ""
        self._take_out(field, name, f"Nobody named {name!r} as a metric.", hint + QUESTIONS[field])
        return None

    def _direction(self, direction: Direction | None, metric: str | None) -> Direction | None:
        if direction is None or metric is None:
            return None
        said = said_of(metric, self._texts)
        if not said or direction in said:
            return direction
        (other,) = said
        self._take_out("direction", direction, f"Of {metric} {other!r} was said.", QUESTIONS["direction"])
        return None

    def _amount(self, field: SharpenerField, text: str | None) -> str | None:
        text = _given(text)
        if text is None:
            return None
        found = quantities(text)
        invented = next((q for q in found if not self._was_said(q, noun=True)), None)
        if found and invented is None and not self._strange_code(text):
            return text
        reason = f"Nobody said {text}." if found else f"{text!r} is no amount."
        self._take_out(field, text, reason, QUESTIONS[field])
        return None

    def _audience(self, text: str | None) -> str | None:
        text = _given(text)
        if text is None:
            return None
        free = _FREE | {_stem(w) for w in _words(self._people)}
        words = [w for w in _words(text) if w not in free and _stem(w) not in free]
        strange = [w for w in words if _stem(w) not in self._stems]
        invented = [q.text for q in quantities(text) if not self._was_said(q)]
        if not strange and not invented:
            return text
        named = ", ".join(dict.fromkeys((*strange, *invented)))
        hint = f" Is it {text}?" if self._may_be_suggested(text) else ""
        self._take_out("audience", text, f"Nobody said {named} of the audience.", QUESTIONS["audience"] + hint)
        return None

    def _guardrails(self, ideas: Iterable[GuardrailIdea]) -> Iterator[GuardrailIdea]:
        for idea in ideas:
            metric = self._metric("guardrails", idea.metric)
            if metric is not None:
                yield GuardrailIdea(metric=metric, margin=self._amount("guardrails", idea.margin))

    def _prose(self, field: SharpenerField, text: str | None) -> str | None:
        """The sentences that bring along no number, no metric and no thought of their own; None when none is left."""
        text = _given(text)
        if text is None:
            return None
        kept = []
        for sentence in _SENTENCE.split(text):
            numbers = [q.text for q in quantities(sentence) if not self._was_said(q)]
            metrics = [w for w in _words(sentence) if w in _METRIC_WORDS and _stem(w) not in self._stems]
            strange = dict.fromkeys((*numbers, *metrics, *self._strange_code(sentence), *self._addresses(sentence)))
            if strange:
                self._take_out(field, sentence, f"Nobody said {', '.join(strange)}.", QUESTIONS[field])
            elif field in _ATOMS and self._is_own(sentence):
                hint = f" Is it this: {sentence.rstrip('.')}?" if self._may_be_suggested(sentence) else ""
                self._take_out(field, sentence, "Nobody said that: most of its words are new.", QUESTIONS[field] + hint)
            else:
                kept.append(sentence)
        return " ".join(kept) or None

    def _addresses(self, text: str) -> list[str]:
        """Addresses and markup that the person did not type."""
        return [word for word in text.split() if _ELSEWHERE.search(word) and word not in self.said]

    def _is_own(self, sentence: str) -> bool:
        """Whether most words of a sentence are the model's own; a mended slip of the pen is still the person's word."""
        words = [
            s for w in _words(sentence) if w not in _FREE and not is_pointing(w) and (s := _stem(w)) not in self._free
        ]
        long = [s for s in self._stems if len(s) >= _SLIPS]
        new = [s for s in words if s not in self._stems and not get_close_matches(s, long, n=1, cutoff=_ALIKE)]
        return 2 * len(new) > len(words)

    def _may_be_suggested(self, text: str) -> bool:
        """Whether a question may repeat it: short, no address, and without a number nobody said."""
        if _ELSEWHERE.search(text):
            return False
        return len(text) <= _LONGEST_HINT and all(self._was_said(q) for q in quantities(text))

    def _was_said(self, quantity: Quantity, *, noun: bool = False) -> bool:
        return any(quantity.same(said, noun=noun) for said in self._numbers)

    def _strange_code(self, text: str) -> list[str]:
        """Words with digits in them, such as "gate40", that nobody said and that are no plain quantity."""
        return [w for w in _words(text) if not w.isdigit() and re.match(r"[^\W\d_]+\d", w) and w not in self._codes]


def _given(text: str | None) -> str | None:
    """The text, or None where the model filled a hole with a word for a hole."""
    text = (text or "").strip()
    return None if text.lower().rstrip(".") in _BLANKS else text


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text).lower().replace("’", "'").replace("'s ", " ")
    return re.findall(r"[^\W_]+", plain)


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 4:
            return word.removesuffix(ending)
    return word.removesuffix("s") if len(word) > 3 else word


def _key(name: str) -> str:
    return " ".join(w.removesuffix("s") for w in _words(name))


def _holds(text: str, name: str) -> bool:
    """Whether the name stands in the text word for word; case, hyphens and a plural s do not count."""
    return bool(_key(name)) and f" {_key(name)} " in f" {_key(text)} "
