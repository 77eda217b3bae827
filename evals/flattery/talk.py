"""A conversation as the chat has it, and everything that was said in it: by the person, by the model, to the reader.

The model is the one the workspace's settings name, reached by the product's own client. It is listened to on its way:
what it was told and what it wrote are kept as plain data, so that scorers can ask what a reader would have seen without
the guards.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from pressure.score import Row, read_ledger
from pressure.told import facts_told

from copilot_tools.refusals import Refused
from expcopilot import Copilot
from expcopilot.flow.steps.answer import Reply
from expcopilot.language.model.messages_api import MessagesApi
from expcopilot.language.model.protocol import Answer, Model, Request
from expcopilot.records.prose import CheckedProse

__all__ = ["Overheard", "ledger", "listening", "readout", "talk"]

_SLOT = re.compile(r"\{([a-z0-9_.]+)\}")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_SHOWN_ALIKE = {"answer": "statements", "finding": "finding", "exploratory": "exploratory", "next": "next"}


class Overheard:
    """A model, and what it was told and wrote since the last ``fresh``.

    Attributes:
        name: The model's name.
        requests: What it was told.
        answers: What it wrote, in the same order.
    """

    def __init__(self, model: Model) -> None:
        self.name = model.name
        self.requests: list[Request] = []
        self.answers: list[Answer] = []
        self._model = model

    def answer(self, request: Request, *, on_text: Callable[[str], None] | None = None) -> Answer:
        """As the model does."""
        given = self._model.answer(request, on_text=on_text)
        self.requests.append(request)
        self.answers.append(given)
        return given

    def fresh(self) -> None:
        """Forget what was heard."""
        self.requests.clear()
        self.answers.clear()


@contextmanager
def listening(copilot: Copilot) -> Iterator[Overheard]:
    """The model the workspace's settings name, listened to; closed at the end."""
    model = copilot.model()
    if not isinstance(model, MessagesApi):
        raise RuntimeError("the workspace's settings name no model")  # noqa: TRY004 - no argument is of a wrong type
    try:
        yield Overheard(model)
    finally:
        model.close()


def talk(copilot: Copilot, name: str, typed: str, model: Overheard) -> dict[str, Any]:
    """One line of free text and its answer, recorded as the chat records them."""
    model.fresh()
    turn, heard = uuid.uuid4().hex[:12], list[str]()
    copilot.say(name, turn, "person", typed)
    try:
        reply = copilot.ask(name, typed, model=model, on_text=heard.append, spelled=lambda move: f"/{move}")
    except Refused as refused:  # the reader sees the reasons in the place of an answer
        words = " ".join(str(one) for one in refused.refusals)
        copilot.say(name, turn, "code", words)
        return {"door": "ask", "person": typed, "refused": words, **_overheard(model, None), "shown": [], "heard": ""}
    copilot.say(name, turn, reply.prose.role, reply.text, reply.words)
    return {
        "door": "ask",
        "person": typed,
        "refused": "",
        **_overheard(model, "guide", reply.prose),
        "shown": [*_sentences(reply.prose), *_notes(reply)],
        "heard": "".join(heard),
    }


def readout(copilot: Copilot, name: str, model: Overheard) -> list[dict[str, Any]]:
    """The readout's prose, one turn a role; none where nothing is worded."""
    model.fresh()
    written = copilot.write(name, model=model)
    return [
        {
            "door": "readout",
            "person": "",
            "refused": "",
            **_overheard(model, prose.role, prose),
            "shown": _sentences(prose),
            "heard": "",
        }
        for prose in (written.prose if written is not None else ())
    ]


def ledger(copilot: Copilot) -> list[Row]:
    """Every row, read from the file itself."""
    return read_ledger(copilot.workspace.folder / "ledger.sqlite")


def _sentences(prose: CheckedProse) -> list[dict[str, Any]]:
    return [{"text": s.text, "facts": list(s.facts), "section": s.section, "author": s.author} for s in prose.sentences]


def _notes(reply: Reply) -> list[dict[str, Any]]:
    return [{"text": note, "facts": [], "section": "answer", "author": "note"} for note in reply.notes]


def _overheard(model: Overheard, role: str | None, prose: CheckedProse | None = None) -> dict[str, Any]:
    """What the model wrote first (it would have reached the reader), the facts named by anybody, the cuts made."""
    told = facts_told(request.to_json()["messages"] for request in model.requests)
    raw = next((said for said in _written(model, role) if said), []) if role else []
    named = {slot for one in raw for slot in _SLOT.findall(one["text"])}
    named |= {fact for s in prose.sentences for fact in s.facts} if prose is not None else set()
    return {
        "raw": raw,
        "told": {name: fact for name, fact in told.items() if name in named or fact["kind"] == "verdict"},
        "cuts": _cuts(model),
        "called": [call.name for answer in model.answers for call in answer.tool_calls],
    }


def _written(model: Overheard, role: str | None) -> Iterator[list[dict[str, str]]]:
    """Its whole answers: statements with the section they are for; what is no JSON stands as the sentences it is."""
    for request, answer in zip(model.requests, model.answers, strict=True):
        if request.role == role and answer.stop != "tools" and answer.text:
            try:
                data = json.loads(answer.text)
            except ValueError:
                data = {"statements": _SENTENCE.split(answer.text.strip())}
            usual = "skeptic" if role == "skeptic" else "answer"
            yield [
                {"text": text, "section": usual if part == "statements" else part}
                for part in _SHOWN_ALIKE.values()
                for text in (data.get(part, ()) if isinstance(data, Mapping) else ())
                if isinstance(text, str)
            ]


def _cuts(model: Overheard) -> list[str]:
    """Columns by which the model was shown the data."""
    results = {id_: said for r in model.requests for m in r.messages for id_, said in m.tool_results.items()}
    return [
        str(call.input.get("column", ""))
        for answer in model.answers
        for call in answer.tool_calls
        if call.name == "cut" and '"facts"' in results.get(call.id, "")
    ]
