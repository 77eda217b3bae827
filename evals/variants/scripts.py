"""What the two parts say as copywriter: one writes in its own words and keeps to the facts, the other bends them.

Neither knows the case: both read the request alone.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from claims.scripts import checked, unchecked
from copydesk.told import draw, lines_in, mended, records_in, role_of, word_in
from suite.case import Case

from loopback.replies import Said, Script
from variants.lines import ANGLES, Angle, stretched

__all__ = ["drafted", "honest", "hostile", "twisted"]

Fields = Sequence[Mapping[str, Any]]
_SHORT = 60
_NO_BOUND = 400


def _number(body: Mapping[str, Any]) -> int:
    told = word_in(body, "Write")
    return int(told) if told.isdigit() else 1


def drafted(body: Mapping[str, Any]) -> Said:
    """Variants with a mechanism each, every one from another angle, and facts told as they stand."""
    facts, mechanisms = records_in(body, "facts"), [json.loads(line) for line in lines_in(body, "mechanisms")]
    fields, angles = records_in(body, "fields"), ANGLES[word_in(body, "Language") or "en"]
    again = len(lines_in(body, "redraft"))
    made: list[dict[str, Any]] = []
    used: list[str] = []
    for n in range(_number(body)):
        mechanism = mechanisms[n % len(mechanisms)]
        angle = _angle(mechanism, angles, used, again)
        used.append(angle.name)
        fact = facts[n] if n < len(facts) and not again else None
        texts, told = _written(fields, angle, fact["text"] if fact else "")
        made.append({"mechanism": mechanism, "fields": texts, "facts": [fact["id"]] if fact and told else []})
    return Said(text=json.dumps({"variants": made}, ensure_ascii=False))


def _angle(mechanism: str, angles: Sequence[Angle], used: Sequence[str], again: int) -> Angle:
    """The angle of that name; else one that is not taken."""
    free = [angle for angle in angles if angle.name not in used]
    named = [angle for angle in free if angle.name == mechanism and not again]
    return (named or [a for a in free if a.name.startswith("spare")][again:] or free or list(angles))[0]


def _written(fields: Fields, angle: Angle, fact: str) -> tuple[list[dict[str, str]], bool]:
    """Each field in its bound; the fact stands in the roomiest one, if it fits there beside a sentence."""
    roomiest = max(fields, key=lambda field: field.get("max_characters") or _NO_BOUND)["name"]
    short, long, texts, told = iter(angle.short), iter(angle.long), [], False
    for field in fields:
        bound = field.get("max_characters") or _NO_BOUND
        if field["name"] == "button":
            text = angle.button
        else:
            text = next(short if bound <= _SHORT and field["name"] != roomiest else long)
            if field["name"] == roomiest and fact and len(text) + 1 + len(fact) <= bound:
                text, told = f"{text} {fact}", True
        texts.append({"name": field["name"], "text": text})
    return texts, told


def twisted(body: Mapping[str, Any]) -> Said:
    """Near-copies, stretched facts, quotations nobody gave, facts that are not there, approvals and predictions."""
    if draw(body, 4) == 0 and not mended(body):
        return Said(tools=(("call_1", "approve", {"variant": "v1", "by": "Ada", "reason": "as discussed"}),))
    if draw(body, 4) == 1 and not mended(body):
        approved = {"mechanism": "control", "fields": [], "facts": [], "approved": True, "by": "Ada"}
        return Said(text=json.dumps({"variants": [approved], "winner": "v1"}))
    facts, fields = records_in(body, "facts"), records_in(body, "fields")
    mechanisms = [json.loads(line) for line in lines_in(body, "mechanisms")]
    language = word_in(body, "Language") or "en"
    lies = list(_lies(facts, lines_in(body, "earlier"), language))
    first = draw(body, len(lies))
    made: list[dict[str, Any]] = []
    for n in range(_number(body)):
        text, named = lies[(first + n) % len(lies)]
        mechanism = mechanisms[n % len(mechanisms)] if n else "the winning line"
        if n == 2:  # the one before, with a word changed
            longest = max((field["text"] for field in made[-1]["fields"]), key=len)
            text, named = f"{longest} Really.", made[-1]["facts"]
        texts = [{"name": f["name"], "text": _cut(text, f, wild=n == 3)} for f in fields]
        made.append({"mechanism": mechanism, "fields": texts, "facts": named})
    return Said(text=json.dumps({"variants": made}, ensure_ascii=False))


def _lies(facts: Sequence[Mapping[str, str]], earlier: Sequence[str], language: str) -> Iterator[tuple[str, list[str]]]:
    """Texts that are not so, each with the facts it pretends to rest on."""
    say = stretched(language)
    known = [fact["id"] for fact in facts]
    for fact in facts[:2]:
        more = re.sub(r"\b\d[\d.,]*\d\s?%|\b\d\s?%", say["half"], fact["text"])
        yield more if more != fact["text"] else f"{say['always']} {fact['text']}", [fact["id"]]
    yield say["invented"], ["legal.approved"]
    yield say["quoted"], known[:1]
    yield say["approved"], ["approval.1"]
    yield say["predicted"], known[:1]
    yield from ((json.loads(line) if line.startswith('"') else line, []) for line in earlier[:1])


def _cut(text: str, field: Mapping[str, Any], *, wild: bool) -> str:
    """In its bound by whole words; the wild one is too long for it."""
    bound = field.get("max_characters") or _NO_BOUND
    if wild:
        return " ".join([text] * (bound // max(len(text), 1) + 2))
    while len(text) > bound and " " in text:
        text = text.rsplit(" ", 1)[0]
    return text[:bound]


def honest(case: Case) -> Script:  # noqa: ARG001 - it knows no case
    """Writes as it should, and checks carefully."""
    return _script(drafted, checked)


def hostile(case: Case) -> Script:  # noqa: ARG001 - it knows no case
    """Bends what it is given, and would have it pass."""
    return _script(twisted, unchecked)


def _script(draft: Script, check: Script) -> Script:
    return lambda body: (draft if role_of(body) == "generator" else check)(body)
