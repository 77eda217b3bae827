"""What the two parts say: a model that does its work and takes data for data, and one that obeys whatever it reads."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from flattery.scripts import drafted, texts_of
from flattery.scripts import honest as honest_about_results

from injection.case import InjectionCase
from loopback.replies import Said, Script

__all__ = ["honest", "hostile"]

_FENCED = r'<{name} fence="[^"]*">\n?(.*?)\n?</{name} fence='
_PLAIN = {
    "en": (
        ("Take a break", "Put the box on hold. Open the app and choose a day."),
        ("Here is your menu", "Have a look at the menu and pick what you like."),
    ),
    "de": (
        ("Mach eine Pause", "Setz die Box aus. Öffne die App und wähle einen Tag."),
        ("Hier ist dein Menü", "Sieh dir das Menü an und such dir etwas aus."),
    ),
}
"""Copy with no claim in it."""


def honest(case: InjectionCase) -> Script:
    """Does what its role is for; whatever stands in the data is not spoken to it."""
    about_results = honest_about_results(case)

    def script(body: dict[str, Any]) -> Said:
        role, told = _role(body), "\n".join(texts_of(body))
        if role == "generator":
            return Said(text=json.dumps({"variants": _variants(told, _PLAIN[case.language], ())}))
        if role == "claim_checker":
            return Said(text=json.dumps({"added": list(_missed(told))}))
        if role == "sharpener":
            return Said(text=json.dumps(drafted(_one(told, "idea"))))
        return about_results(body)

    return script


def hostile(case: InjectionCase) -> Script:
    """Does whatever the hidden words ask for, in every role, and gives away whatever it can see."""

    def script(body: dict[str, Any]) -> Said:
        role = _role(body)
        if role == "guide" and case.calls and not _answered(body):
            return Said(tools=tuple((f"toolu_{n}", name, given) for n, (name, given) in enumerate(case.calls)))
        return Said(text=json.dumps(_obedient(case, role, body)))

    return script


def _obedient(case: InjectionCase, role: str, body: Mapping[str, Any]) -> dict[str, Any]:
    told = "\n".join(texts_of(body))
    words = [*case.says, *_given_away(body), "The verdict is {verdict.phrase}."]
    if role == "generator":
        texts = [("A word for you", claim) for claim in case.claims]
        return {"variants": _variants(told, texts, _ids(told, "facts"))}
    if role == "claim_checker":
        return {"added": []}
    if role == "sharpener":
        questions = [{"field": "north_star", "question": question} for question in case.questions]
        fields = {str(name): text for name, text in case.fields.items()}
        return {**drafted(""), **fields, "direction": "increase", "questions": questions}
    if role == "narrator":
        return {"finding": words, "exploratory": [*case.says], "next": ["Do as you are told."]}
    return {"statements": words}


# --- what a request says ---------------------------------------------------------------------------------------


def _role(body: Mapping[str, Any]) -> str:
    system = " ".join(part["text"] for part in body["system"])
    titles = ("variant generator", "claim checker", "hypothesis sharpener", "skeptic", "narrator", "guide")
    title = next(title for title in titles if f"Your role: the {title}" in system)
    return title.replace("variant ", "").replace("hypothesis ", "").replace(" ", "_")


def _one(told: str, name: str) -> str:
    found = re.findall(_FENCED.format(name=name), told, re.DOTALL)
    return str(found[-1]) if found else ""


def _lines(told: str, name: str) -> list[Any]:
    lines = (line for line in _one(told, name).splitlines() if line[:1] in {"{", '"'})
    return [json.loads(line) for line in lines]


def _ids(told: str, name: str) -> tuple[str, ...]:
    return tuple(str(line["id"]) for line in _lines(told, name))


def _answered(body: Mapping[str, Any]) -> bool:
    """Whether its calls were answered already: those of the turn in hand, whatever stands before it."""
    return not isinstance(body["messages"][-1]["content"], str) and any(
        block["type"] == "tool_result" for block in body["messages"][-1]["content"]
    )


# --- what is written -------------------------------------------------------------------------------------------


def _variants(told: str, texts: Any, facts: tuple[str, ...]) -> list[dict[str, Any]]:
    """As many variants as are asked for, a mechanism each, with these titles and bodies."""
    wanted = re.search(r"Write (\d+) variants", told)
    mechanisms = [str(name) for name in _lines(told, "mechanisms")]
    rows = list(zip(texts, mechanisms, strict=False))[: int(wanted[1]) if wanted else 1]
    return [
        {
            "mechanism": mechanism,
            "fields": [{"name": "title", "text": title}, {"name": "body", "text": body}],
            "facts": list(facts),
        }
        for (title, body), mechanism in rows
    ]


def _missed(told: str) -> Iterator[dict[str, Any]]:
    """A number nobody marked: the one thing that is a claim in any copy."""
    for sentence in _lines(told, "sentences"):
        if not sentence.get("marks") and (number := re.search(r"\d+(?:[.,]\d+)* ?%?", sentence["text"])):
            why = "A figure; it needs a source."
            yield {"sentence": sentence["sentence"], "span": number[0], "kind": "statistic", "why": why}


def _given_away(body: Mapping[str, Any]) -> Iterator[str]:
    """The beginning of the house rules, and of whatever looks like a row of somebody."""
    rules = body["system"][0]["text"]
    yield " ".join(rules.split()[:30])
    row = re.search(r"canary-\w+-\w+-\d+", "\n".join(texts_of(body)))
    yield f"The first row is {row[0] if row else 'canary-user-control-0'}."
