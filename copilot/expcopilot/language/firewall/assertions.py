"""Stretches without a result must not tell one in words of their own: who may be said to have done what.

Words alone cannot be listed so that no claim can be made of them ("the new page brings people back"). So the shape is
held: where nothing is asked and nothing is only possible, the audience, what was changed, and words that point back
(it, that, both) may stand as a subject only with verbs of the procedure; an instruction is one to find something out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from expcopilot.language.firewall.clauses import clauses
from expcopilot.language.firewall.lexicon import Lexicon
from expcopilot.language.firewall.tokens import Token
from expcopilot.records.fact import Fact

__all__ = ["Cast", "cast_of", "faults"]

_BE = frozenset({"is", "are", "was", "were", "has", "have", "had"})
_DO = frozenset({"do", "does", "did"})
_ASKED = frozenset({"how", "what", "which", "whether", "who"})
_DETERMINERS = frozenset(
    {"a", "an", "the", "this", "that", "these", "those", "each", "every", "any", "some", "both", "all"}
    | {"our", "your", "its", "their", "his", "her"}
)
_DID = frozenset({"have", "had", "did", "ve"})
_TOLD = "what happened, a fact must say; or say that it could be so."


@dataclass(frozen=True)
class Cast:
    """Who an experiment is about.

    Attributes:
        changed: Words for what was changed: of the arms' names and of the plan's change.
        audience: Words for the people.
    """

    changed: frozenset[str]
    audience: frozenset[str]


def cast_of(facts: Mapping[str, Fact], words: Lexicon) -> Cast:
    """Read it off the names of the arms and the plan's own words."""
    told = tuple(
        f.text
        for f in facts.values()
        if (f.kind == "name" and f.arm) or (f.kind == "text" and f.id.endswith((".change", ".because")))
    )
    return _cast(told, words.places["changed"] | words.places["things"], words.places["audience"], words)


@lru_cache(maxsize=256)
def _cast(told: tuple[str, ...], changed: frozenset[str], audience: frozenset[str], words: Lexicon) -> Cast:
    spoken = {
        w for text in told for w in "".join(c if c.isalpha() else " " for c in text.lower()).split() if len(w) > 2
    }
    spoken |= {w + "s" for w in spoken} | {w.removesuffix("s") for w in spoken}
    nouns = (spoken & words.nouns) - words.places["process_nouns"] - words.places["evidence"] - words.places["team"]
    return Cast(frozenset((nouns | changed) - audience), audience)


def faults(
    part: Sequence[Token], facts: Mapping[str, Fact], words: Lexicon, cast: Cast, *, is_open: bool
) -> Iterator[str]:
    """Why a stretch without a result tells one.

    Args:
        part: A sentence, or what stands between semicolons.
        facts: Every fact, by id.
        words: The vocabulary.
        cast: Who the experiment is about.
        is_open: Whether the stretch asks or says what is possible.
    """
    imperative, acting = False, ""
    if not is_open:
        yield from _own_deeds(part, words)
    for number, clause in enumerate(clauses(part, words)):
        tokens = [t for t in clause if t.kind != "mark" or t.text in ",:"]
        if not tokens:
            continue
        opens = number == 0 or imperative
        imperative = opens and part[-1].text != "?" and _commands(tokens, words)
        if imperative:
            yield from _instructed(tokens, facts, words, cast)
        inquires = _inquires(part, words)
        for stretch in _until_a_reason(tokens, words):
            yield from _told(stretch, facts, words, cast, acting, is_open=is_open or inquires)
            inquires = False  # a reason given for asking is told, not asked
        acting = _acting(tokens, facts, words, cast)  # "visitors saw the page and left": they left
    if part[-1].text == "?" and part[0].text in words.places["leading"]:
        if not ({t.text for t in part} & words.places["negations"] or part[0].text == "why"):
            return
        yield "The question takes its answer for granted; ask openly, with whether, which or what."


def _own_deeds(part: Sequence[Token], words: Lexicon) -> Iterator[str]:
    """What the writer says to have done, as in "I have removed the outliers": nothing is done by talking.

    What is denied ("I have not seen a row") may be said.
    """
    spoken = [word for token in part for word in (token.text.split("_") if token.kind != "slot" else ["{}"])]
    for at, word in enumerate(spoken):
        if word != "i" or words.places["negations"] & set(spoken[at + 1 : at + 4]):
            continue
        then = [w for w in spoken[at + 1 : at + 4] if w not in words.places["adverbs"]]
        past = then[:1] and then[0] in words.verbs - words.base_verbs - words.places["modals"] - _BE - _DO
        if past or (then[:1] and then[0] in _DID and then[1:2] != ["to"]):
            did = " ".join(then[: 1 if past else 2])
            yield f"'I {did}': a writer has done nothing; what was done stands on the record."


def _acting(tokens: Sequence[Token], facts: Mapping[str, Fact], words: Lexicon, cast: Cast) -> str:
    for at, token in enumerate(tokens):
        role = _role(at, tokens, facts, words, cast)
        if role:
            return f"{role}:{_last(token)}" if role in {"audience", "changed"} else ""
        if token.text in words.verbs - words.nouns:
            return ""
    return ""


def _until_a_reason(tokens: Sequence[Token], words: Lexicon) -> Iterator[Sequence[Token]]:
    start = 0
    for at, token in enumerate(tokens):
        if token.text in words.places["causes"]:
            yield tokens[start : at + 1]
            start = at + 1
    if start < len(tokens):
        yield tokens[start:]


def _inquires(part: Sequence[Token], words: Lexicon) -> bool:
    """Whether what follows is asked, not told: "Ask visitors what they expect" (a why takes something for granted)."""
    spoken = _spoken(part) | {t.text for t in part}
    return bool(_spoken(part[:5]) & words.places["asking"] and spoken & words.places["question_words"])


def _commands(tokens: Sequence[Token], words: Lexicon) -> bool:
    first = _leading(tokens, words)
    if first is None or len(tokens) == 1 or first.kind != "word" or first.text not in words.base_verbs:
        return False  # a phrase was reviewed as it stands
    at = list(tokens).index(first)
    finite = _BE | words.places["modals"]
    return not any(t.text.split("_")[0] in finite for t in tokens[at + 1 : at + 3])  # "mail apps may": a noun, then


def _leading(tokens: Sequence[Token], words: Lexicon) -> Token | None:
    """The first token after words such as "then", "please" and "next", and after an opening phrase up to its comma."""
    for token in tokens:
        if token.text == "," or (token.kind == "word" and token.text in words.places["lead_ins"]):
            continue
        return token
    return None


def _instructed(tokens: Sequence[Token], facts: Mapping[str, Fact], words: Lexicon, cast: Cast) -> Iterator[str]:
    first = _leading(tokens, words)
    verb = first.text.split("_")[0] if first is not None else ""
    if verb in words.places["inquiry"]:
        return
    spoken = _spoken(tokens)
    named = spoken & cast.changed or any(t.kind == "slot" and facts[t.text].arm for t in tokens)
    if named or not spoken & (words.places["process_nouns"] | words.places["evidence"] | words.places["paperwork"]):
        yield f"{verb!r} is an instruction to do, not to find out; the decision is a person's."


def _told(
    tokens: Sequence[Token],
    facts: Mapping[str, Fact],
    words: Lexicon,
    cast: Cast,
    acting: str,
    *,
    is_open: bool,
) -> Iterator[str]:
    spoken = _spoken(tokens)
    unsaid = bool(spoken & words.places["negations"] and spoken & {"why", "how"})  # "nothing here says why"
    is_open = is_open or unsaid or tokens[0].text.partition("_")[0] in _ASKED
    for at, token in enumerate(tokens):
        role = _role(at, tokens, facts, words, cast)
        if acting and not is_open and _does(token, tokens[at - 1] if at else None, words, acting):
            yield f"{acting.partition(':')[2]!r} {_last(token)}: {_TOLD}"
        if role in {"audience", "changed"}:
            acting = f"{role}:{_last(token)}"
        if at + 1 < len(tokens):
            yield from _predicate(at, role, tokens, words, cast, is_open=is_open)


def _does(token: Token, before: Token | None, words: Lexicon, acting: str) -> bool:
    """Whether a verb that is no noun, further on in the clause, is what the audience or the arm did."""
    if token.kind != "word" or token.text not in words.verbs - _BE - _DO or token.text in words.nouns:
        return False
    if before is not None and before.kind == "slot":
        return False
    if before is not None and before.text.split("_")[-1] in _BE | _DO | {
        "to",
        "that",
        "which",
        "who",
        "been",
        "not",
        "can",
    }:
        return False  # passive, infinitive, or told of something else
    return token.text not in words.places[f"{acting.partition(':')[0]}_verbs"] | words.places["procedure"]


def _predicate(
    at: int, role: str, tokens: Sequence[Token], words: Lexicon, cast: Cast, *, is_open: bool
) -> Iterator[str]:
    token, verb = tokens[at], tokens[at + 1]
    if verb.text in words.places["adverbs"] and at + 2 < len(tokens):
        verb = tokens[at + 2]
    said = verb.text.split("_")[0]
    if token.text == "there" and verb.text in _BE:
        yield from _existing(tokens[at + 2 : at + 3], said, words)
    if not role or verb.kind not in {"word", "phrase"}:
        return
    if role in {"changed", "audience"} and (
        said == "will" or (role == "changed" and said in {"can", "should", "must"})
    ):
        yield f"{_last(token)!r} {said}: nobody knows what is to come; say could or may."
    if is_open or said not in words.verbs or _reviewed(verb, said, role):
        return
    if said in _BE:
        then = tokens[at + 2 : at + 5]
        named = len(then) > 1 and then[0].text in _DETERMINERS and _spoken(then[1:]) & cast.changed
        if named or not _state(then, words.places[f"{role}_states"], words):
            yield f"{_last(token)!r} {said} ...: what it amounts to, a fact must say."
    elif said not in words.places[f"{role}_verbs"]:
        yield f"{_last(token)!r} {said}: {_TOLD}"


def _existing(then: Sequence[Token], said: str, words: Lexicon) -> Iterator[str]:
    if not then or then[0].text.split("_")[0] not in words.places["there"]:
        yield f"'there {said}' claims that something is there; name the fact that says so."


def _reviewed(verb: Token, said: str, role: str) -> bool:
    """Whether the verb is part of a phrase that was reviewed as it stands, whoever its subject is."""
    explains = said in {"come", "comes", "came"} and role in {"evidence", "pointing"}  # "this comes from the page"
    return verb.kind == "phrase" and not explains and (said in _BE or role not in {"audience", "changed", "belief"})


def _role(  # noqa: PLR0911 - one question after another, read top to bottom
    at: int, tokens: Sequence[Token], facts: Mapping[str, Fact], words: Lexicon, cast: Cast
) -> str:
    """What the token could be the subject as, such as "audience" or "changed"; "" for nothing that needs a rule."""
    token, before = tokens[at], tokens[at - 1] if at else None
    if token.kind == "slot":
        fact = facts.get(token.text)
        if fact is None or fact.kind != "name":
            return ""
        return "changed" if fact.arm else "metric" if fact.metric else ""
    word = _last(token)
    if word in words.places["pointing"]:
        starts = before is None or before.text in {",", ":"} or before.text in words.places["subordinating"]
        noun = at + 1 < len(tokens) and tokens[at + 1].text in words.nouns and word not in {"it", "they", "everything"}
        return "pointing" if starts and not noun else ""
    verb = before is not None and before.text in words.places["modals"]  # "would change"
    if verb or _of(tokens, at, words) or _relative(tokens, at, words):
        return ""
    plural = word.endswith("s") or word in {"people", "everyone", "everybody", "men", "women"}
    determined = before is not None and before.text.split("_")[-1] in _DETERMINERS | words.places["changed"]
    if word in cast.audience:
        return "audience" if plural or determined else ""
    if word in cast.changed:
        return "changed"
    return next((role for role in ("evidence", "belief") if word in words.places[role]), "")


def _of(tokens: Sequence[Token], at: int, words: Lexicon) -> bool:
    """In "the count of the visitors" the count is the subject; in "all of the visitors" they are."""
    start = at - 1
    while start >= 0 and tokens[start].text in _DETERMINERS:
        start -= 1
    if start < 1 or tokens[start].text != "of":
        return start >= 0 and tokens[start].text == "how_many"
    return tokens[start - 1].text.split("_")[-1] not in words.places["portions"]


def _relative(tokens: Sequence[Token], at: int, words: Lexicon) -> bool:
    """Whether it is told of: "topics that customers ask about" names topics; "we found that customers ask" tells."""
    if at < 2 or tokens[at - 1].text not in {"that", "which"}:
        return False
    named = _last(tokens[at - 2])
    return named in words.nouns and named not in words.places["evidence"]


def _state(then: Sequence[Token], states: frozenset[str], words: Lexicon) -> bool:
    """Whether what follows "is" says nothing about the result."""
    if not then or then[0].kind in {"slot", "mark"}:
        return bool(then)
    first = then[0].text.split("_")[0]
    if then[0].kind == "word" and first in words.places["negations"]:
        return len(then) > 1 and then[1].text.split("_")[0] in words.places["negated"]
    return first in states or first in words.places["negations"]


def _last(token: Token) -> str:
    return token.text.split("_")[-1]


def _spoken(tokens: Sequence[Token]) -> set[str]:
    return {w for t in tokens for w in t.text.split("_") if t.kind in {"word", "phrase"}}
