"""The journey as a page: what the model tried to say, beside what a reader saw of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence

from expcopilot.flow.steps.answer import Reply
from expcopilot.records.prose import CheckedProse
from local_model.guarantees import Guarantee
from local_model.journey import Travelled

__all__ = ["report"]

_LONGEST = 300
_ABOUT = (
    "It speaks the Messages API on the loopback interface, through the `[model]` table of a workspace's settings, like "
    "any other model. It is far too small for the work, and that is the point: its form is held by a grammar, its "
    "content is nonsense, and no promise of the product may depend on the content. It reads an invented experiment "
    "with 20,000 visitors in two arms."
)


def report(
    travelled: Travelled, held: Sequence[Guarantee], *, model: str, dated: str, idea: str, questions: Sequence[str]
) -> str:
    """The page, as Markdown."""
    lines = [
        "# What a very small model tried to say, and what reached the reader",
        "",
        f"Written by `make local-model` on {dated}. Do not edit: run it again.",
        "",
        f"Model: {model}.",
        "",
        _ABOUT,
        "",
        "## Did the guarantees hold?",
        "",
        "| guarantee | held | looked at |",
        "| --- | --- | --- |",
        *(f"| {g.promise} | {'yes' if not g.broken else '**no**'} | {_cell(g.seen)} |" for g in held),
        "",
        *(f"- **{g.promise}**: {_cell(fault)}" for g in held for fault in g.broken),
        *([""] if any(g.broken for g in held) else []),
        *_sharpener(travelled, idea),
        *_role(travelled, "skeptic", "The case for the null"),
        *_role(travelled, "narrator", "The readout's prose"),
        *_guide(travelled, questions),
    ]
    return "\n".join(lines).rstrip() + "\n"


def _sharpener(travelled: Travelled, idea: str) -> Iterable[str]:
    gate = travelled.proposed
    stands = {name: value for name, value in gate["sharpened"].items() if value and name != "questions"}
    yield from ("## The hypothesis", "", f"The person said: “{idea}”", "", *_tried(travelled, "sharpener"))
    yield from ("What was put before the person, after whatever they had not said was taken out:", "")
    yield from (f"- {name}: {_cell(_plain(value))}" for name, value in stands.items())
    yield from ([] if stands else ["- nothing"])
    yield from (f"- taken out: {_cell(_plain(removed))}" for removed in gate["removed"])
    yield from (f"- asked: {_cell(question['question'])}" for question in gate["questions"])
    yield ""


def _role(travelled: Travelled, role: str, title: str) -> Iterable[str]:
    yield from (f"## {title}", "", *_tried(travelled, role))
    for prose in travelled.readout.prose:
        if prose.role == role:
            yield from _reached(prose)


def _guide(travelled: Travelled, questions: Sequence[str]) -> Iterable[str]:
    for question, reply in zip(questions, travelled.replies, strict=True):
        yield from (f"## “{question}”", "", *_tried(travelled, "guide"))
        if isinstance(reply, Reply):
            yield from _reached(reply.prose)
            yield from (f"Added by code: {_cell(note)}\n" for note in reply.notes)
        else:
            yield from (f"The person read: {_cell(reply)}", "")


def _tried(travelled: Travelled, role: str) -> Iterable[str]:
    said = [answered for answered in travelled.answers if answered.role == role]
    yield from (f"What the model said, in {len(said)} answer{'s' * (len(said) != 1)} (the later ones are repairs):", "")
    yield "```text"
    for answered in said:
        calls = (f"calls {call.name} with {json.dumps(call.input, ensure_ascii=False)}" for call in answered.tool_calls)
        yield from (_short(" ".join(text.split())) for text in (answered.text, *calls) if text.strip())
    yield from ("```", "")


def _reached(prose: CheckedProse) -> Iterable[str]:
    yield from ("What reached the reader:", "")
    for sentence in prose.sentences:
        author = "the model's words" if sentence.author == "model" else "written by code in their place"
        yield f"- {_cell(sentence.text)} *({author})*"
    yield from ([] if prose.sentences else ["- nothing"])
    yield ""
    if prose.blocked:
        yield from ("What was kept back, and why:", "", "| statement | reasons |", "| --- | --- |")
        yield from (f"| {_cell(b.statement.text)} | {_cell(' '.join(b.reasons))} |" for b in prose.blocked)
        yield ""


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _cell(text: str) -> str:
    """Inert in Markdown: what a model said is shown, never rendered."""
    flat = _short(" ".join(text.split()))
    for sign in ("\\", "|", "`", "*", "_", "<", "[", "]"):
        flat = flat.replace(sign, "\\" + sign)
    return flat


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
