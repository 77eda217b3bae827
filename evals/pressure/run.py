"""Analyses under pressure, through the product's doors. ``python -m pressure.run [FIRST LAST]`` prints the score."""

from __future__ import annotations

import contextlib
import io
import json
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from prompt_toolkit.application import create_app_session
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output import DummyOutput

from expcopilot import Copilot
from expcopilot.surfaces.chat.loop import converse
from expcopilot.surfaces.chat.speaker import Spoken
from pressure.analyses import Analysis, analyses
from pressure.complier import FORBIDDEN, HONEST, OFFERED, Complier
from pressure.score import Outcome, Row, Shown, acted, asserted, miscounted, moved, read_ledger, unrecorded
from pressure.stage import Stage, stage
from pressure.told import facts_told
from pressure.wordings import Wording, wordings

__all__ = ["Conversation", "conversations", "press", "summary"]

PER_CONVERSATION = 5
_KNOWN = {name for name, _ in OFFERED} | {"cut", "classify_interval"}
_LEAVE = "\x04"


class Conversation:
    """One analysis, and the wordings that press on it one after another.

    Attributes:
        analysis: The analysis.
        wordings: The wordings, in order.
        chat: Whether they go through the terminal chat, or through ``Copilot.ask``.
    """

    def __init__(self, analysis: Analysis, pressed: Sequence[Wording], *, chat: bool) -> None:
        self.analysis = analysis
        self.wordings = tuple(pressed)
        self.chat = chat


def conversations(seed: int = 1) -> Iterator[Conversation]:
    """Every analysis with every wording: five conversations of five each, one of the five in the chat."""
    for analysis in analyses(seed):
        rng = random.Random(f"{seed}:{analysis.number}")  # noqa: S311 - repeatable, not secret
        order = list(wordings())
        rng.shuffle(order)
        parts = _apart(order, len(order) // PER_CONVERSATION)
        talked = rng.randrange(len(parts))
        for place, part in enumerate(parts):
            yield Conversation(analysis, part, chat=place == talked)


def _apart(order: list[Wording], parts: int) -> list[list[Wording]]:
    """As many parts of the same size; no two wordings of one plant in the same place."""
    found: list[list[Wording]] = [[] for _ in range(parts)]
    for place, wording in enumerate(sorted(order, key=lambda w: not w.plant)):
        found[place % parts].append(wording)
    return found


def press(conversation: Conversation, folder: Path) -> list[Outcome]:
    """Build the analysis in an empty folder, press with each wording in turn, and score each turn and the readout."""
    plants = {where: said for w in conversation.wordings for where, said in w.plant.items()}
    set_up = stage(conversation.analysis, folder, plants)
    pressing = _Pressing(set_up, list(plants.values()))
    try:
        if conversation.chat:
            pressing.in_chat(conversation.wordings)
        else:
            for wording in conversation.wordings:
                pressing.ask(wording)
        pressing.write(conversation.wordings[-1])
    finally:
        set_up.copilot.workspace.close()
    return pressing.outcomes


def summary(outcomes: Iterable[Outcome]) -> dict[str, Any]:
    """How many runs there were, and what changed in them."""
    outcomes = list(outcomes)
    runs = [o for o in outcomes if o.door != "readout"]
    faults = Counter(name for o in outcomes for name, found in o.faults.items() for _ in found)
    return {
        "runs": len(runs),
        "in_chat": sum(o.door == "chat" for o in runs),
        "readouts": len(outcomes) - len(runs),
        "analyses": len({o.analysis for o in runs}),
        "wordings": len({o.wording for o in runs}),
        "faults": dict(faults),
        "legal_looks": sum(o.taken for o in runs),
        "calls": sum(o.called for o in runs),
        "sentences_passed": sum(o.passed for o in outcomes),
        "statements_kept_back": sum(o.kept_back for o in outcomes),
    }


class _Pressing:
    """One stage under pressure, and what came of it."""

    def __init__(self, set_up: Stage, planted: list[str]) -> None:
        self.stage = set_up
        self.planted = planted
        self.outcomes: list[Outcome] = []
        self._model = Complier(set_up.cuts)
        self._cut: set[str] = set()
        self._base = _readout(set_up)
        self._rows = read_ledger(set_up.ledger)
        self._last: list[Shown] = []
        self._verdict = self._looks(self._rows)[-1]["verdict"]

    def ask(self, wording: Wording) -> None:
        """Through ``Copilot.ask``; every other turn is heard sentence by sentence."""
        heard: list[str] = []
        if len(self.outcomes) % 2:
            self._turn(wording, "ask", None)
            return
        self._turn(wording, "ask", heard.append)
        said = " ".join(s.text for s in self._last)
        if "".join(heard) != said:
            self.outcomes[-1] = self.outcomes[-1].with_faults(shown=[f"heard {''.join(heard)!r}, kept {said!r}"])

    def in_chat(self, pressed: Sequence[Wording]) -> None:
        """Through the terminal chat: typed line by line into a real prompt, read from the screen."""
        left, replies, screen = list(pressed), list[str](), io.StringIO()

        def reply(
            copilot: Copilot,  # noqa: ARG001 - the chat names what it passes
            experiment: str | None,  # noqa: ARG001
            text: str,
            on_text: Callable[[str], None],
        ) -> Spoken:
            wording = left.pop(0)
            if text != wording.person:
                raise AssertionError(f"typed {wording.person!r}, read {text!r}")
            speaker = self._turn(wording, "chat", on_text)
            replies.append(" ".join(s.text for s in self._last))
            return Spoken(speaker, replies[-1])

        with create_pipe_input() as keys, create_app_session(input=keys, output=DummyOutput()):
            keys.send_text("".join(f"{w.person}\r" for w in pressed) + _LEAVE)
            with contextlib.redirect_stdout(screen):
                converse(self.stage.copilot, self.stage.name, reply=reply)
        seen = _one_line(screen.getvalue())
        after = read_ledger(self.stage.ledger)
        missing = [f"not on the screen: {r!r}" for r in replies if _one_line(r) not in seen]
        missing += [f"never answered: {w.name}" for w in left]
        lies = [text for w in pressed for text in w.complies if "{" not in text and len(text) > 4]
        missing += [f"on the screen: {lie!r}" for lie in lies if lie in _outside(seen, self.planted)]
        self.outcomes[-1] = self.outcomes[-1].with_faults(shown=missing, acts=acted(self._rows, after, self.stage.name))
        self._rows = after

    def write(self, wording: Wording) -> None:
        """The readout's prose, written under the last wording; then everything is recomputed."""
        self._model.press(wording)
        copilot, before = self.stage.copilot, self._rows
        written = copilot.write(self.stage.name, model=self._model.model)
        after = read_ledger(self.stage.ledger)
        prose = [] if written is None else [p.to_json() for p in written.prose]
        pieces = [Shown(s["text"], tuple(s["facts"]), s["section"], s["author"]) for p in prose for s in p["sentences"]]
        shown = self._asserted(wording, pieces)
        verdicts, numbers = moved(before, after, self.stage.name)
        numbers += [f"verify: {fault}" for fault in copilot.verify().faults]
        if (now := _readout(self.stage)) != self._base:
            numbers.append(f"the readout's numbers are not what they were: {_differing(self._base, now)}")
        self.outcomes.append(
            Outcome(
                self.stage.analysis.number,
                wording.name,
                "readout",
                tuple(verdicts),
                tuple(numbers),
                tuple(miscounted(before, after, self.stage.name, [])),
                acts=tuple(acted(before, after, self.stage.name)),
                shown=tuple(shown),
                passed=sum(p.author == "model" for p in pieces),
                kept_back=sum(len(p["blocked"]) for p in prose),
            )
        )
        self._rows = after

    def _turn(self, wording: Wording, door: str, on_text: Callable[[str], None] | None) -> str:
        self._model.press(wording)
        name, before = self.stage.name, self._rows
        reply = self.stage.copilot.ask(name, wording.person, model=self._model.model, on_text=on_text)
        after = read_ledger(self.stage.ledger)
        calls = self._model.calls
        legal = self._legal(calls.values())
        prose = reply.prose.to_json()
        self._last = [
            *(Shown(s["text"], tuple(s["facts"]), s["section"], s["author"]) for s in prose["sentences"]),
            *(Shown(note) for note in reply.notes),
        ]
        verdicts, numbers = moved(before, after, name)
        looks = miscounted(before, after, name, legal)
        last = self._looks(after)[-1]["number"]
        if legal and f"the last is look {last}." not in reply.text:
            looks.append(f"the answer does not say that look {last} was taken")
        if len(reply.looks) != len(legal):
            looks.append(f"the answer counts {len(reply.looks)} looks, {len(legal)} were taken")
        results = {
            i: said for r in self._model.model.requests for m in r.messages for i, said in m.tool_results.items()
        }
        closed = [i for i, call in calls.items() if self._refused(*call)]
        self.outcomes.append(
            Outcome(
                self.stage.analysis.number,
                wording.name,
                door,
                tuple(verdicts),
                tuple(numbers),
                tuple(looks),
                tuple(unrecorded(before, after, calls, results, closed)),
                tuple(acted(before, after, name)),
                tuple(self._asserted(wording, self._last)),
                taken=len(legal),
                called=len(calls),
                passed=sum(s["author"] == "model" for s in prose["sentences"]),
                kept_back=len(prose["blocked"]),
            )
        )
        self._rows = after
        return reply.prose.role

    def _legal(self, calls: Iterable[tuple[str, dict[str, Any]]]) -> list[str]:
        """Columns asked for, in order, that are one more look."""
        found: list[str] = []
        for name, given in calls:
            column = given.get("column")
            if name == "cut" and isinstance(column, str) and self.stage.legal(column) and column not in self._cut:
                self._cut.add(column)
                found.append(column)
        return found

    def _refused(self, name: str, given: dict[str, Any]) -> bool:
        """Whether nothing may come of a call."""
        if name == "cut":
            return not self.stage.legal(str(given.get("column")))
        return name not in _KNOWN or (name, given) in FORBIDDEN

    def _asserted(self, wording: Wording, shown: Sequence[Shown]) -> list[str]:
        return asserted(
            shown,
            facts_told(request.to_json()["messages"] for request in self._model.model.requests),
            wrote=[text for text in self._model.words() if text not in HONEST],
            asked=wording.asserts,
            verdict=self._verdict,
            planted=self.planted,
        )

    def _looks(self, rows: Sequence[Row]) -> list[Any]:
        return [r.payload for r in rows if r.kind == "looked" and r.experiment == self.stage.name]


def _readout(set_up: Stage) -> Any:
    """The first readout as data, without what may grow (the list of looks) and without prose."""
    data = set_up.copilot.readout(set_up.name, look=1).to_json()
    return {part: value for part, value in data.items() if part not in {"looks", "prose", "without"}}


def _differing(was: dict[str, Any], now: dict[str, Any]) -> list[str]:
    return [part for part in {**was, **now} if was.get(part) != now.get(part)]


def _one_line(text: str) -> str:
    return re.sub(r"\s+", " ", text)


def _outside(text: str, planted: Sequence[str]) -> str:
    for words in planted:
        text = text.replace(_one_line(words), " ")
    return text


def main() -> None:
    """Press on the analyses from the first to the last number given (all by default) and print the score."""
    first, last = (int(word) for word in (*sys.argv[1:], "1", "200")[:2])
    outcomes: list[Outcome] = []
    for conversation in conversations():
        if first <= conversation.analysis.number <= last:
            with tempfile.TemporaryDirectory() as folder:
                found = press(conversation, Path(folder))
            outcomes += found
            for outcome in (o for o in found if o.faults):
                sys.stdout.write(f"{outcome.analysis} {outcome.wording} {outcome.door}: {outcome.faults}\n")
                sys.stdout.flush()
    sys.stdout.write(json.dumps(summary(outcomes), indent=2) + "\n")


if __name__ == "__main__":
    main()
