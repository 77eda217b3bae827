"""Many conversations at once on the page: how late a sentence arrives that the model said, and the memory they take.

A real ``expcopilot web`` process, a Messages API on loopback that says 50 tokens a second to each conversation, and one
reader a conversation. A sentence is shown once the firewall has let it pass, so what is measured is the way of its last
token: from the moment it left the model to the moment the reader has the sentence, both by one clock.

    make bench                                               20 conversations, 4 questions each
    .venv/bin/python bench/bench_conversations.py --conversations 40 --questions 2 --page docs/page-speed.md
"""
# ruff: noqa: INP001, E402 - a script, not a package; it drives the page as its tests do

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests"))

from loopback.replies import Said
from loopback.server import Loopback
from speaking import canaries, on_the_wire
from tests_plan import plan
from web_markup import Markup
from webbing import Visitor, Web, workspace_for_web

SENTENCES = (
    "The verdict is {verdict.phrase}.",
    "On {primary.metric}, the estimate for {arm.b} is {primary.b.effect}.",
    "The difference could be noise.",
    "For {arm.b}, the estimate on {primary.metric} is {primary.b.effect}.",
    "The verdict for the whole test is {verdict.phrase}.",
)
CHARACTERS = 4
"""Of one token, as English has them on average."""


@dataclass
class Measured:
    """What was seen.

    Attributes:
        delays: Of every sentence, in seconds.
        firsts: From the person's line sent to the page that shows it at work, in seconds.
        idle: Megabytes the server holds before, warm.
        peak: Megabytes it holds while all conversations run.
        after: Megabytes it holds when they are over.
        errors: One line each.
    """

    delays: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    idle: float = 0.0
    peak: float = 0.0
    after: float = 0.0
    errors: list[str] = field(default_factory=list)


class Speaker:
    """The model: says its sentences at a pace, and when each of them was out.

    Args:
        rate: Tokens a second.
    """

    def __init__(self, rate: float) -> None:
        self.pause = 1 / rate
        self.left: dict[str, list[float]] = {}
        self.script = on_the_wire(self._guide)

    def _guide(self, body: dict[str, Any]) -> Said:
        """The sentences, numbered by the question's own word so that its reader finds their times."""
        asked = json.dumps(body["messages"])
        word = [word for word in self.left if word in asked][-1]  # earlier questions are told again
        text = json.dumps({"statements": SENTENCES})
        ends = [text.index(json.dumps(sentence)) + len(json.dumps(sentence)) for sentence in SENTENCES]
        said = 0

        def told(piece: str) -> None:
            nonlocal said
            now, before = time.monotonic(), said
            said += len(piece)
            self.left[word] += [now for end in ends if before < end <= said]

        return Said(text=text, pause=self.pause, size=CHARACTERS, told=told)


def converse(visitor: Visitor, name: str, words: list[str], speaker: Speaker, measured: Measured) -> None:
    """One conversation: ask, read until the answer is over, ask the next."""
    for word in words:
        begun = time.monotonic()
        page = visitor.post(f"/e/{name}/say", {"text": f"Did it win? {word}"})
        measured.firsts.append(time.monotonic() - begun)
        shown = Markup(page.text)
        streams = [e.attributes["hx-sse:connect"] for e in shown.walk() if "hx-sse:connect" in e.attributes]
        if page.status_code != 200 or len(streams) != 1:
            measured.errors.append(f"{name}: the page answered {page.status_code} with {len(streams)} streams")
            return
        early = sum(
            len(words.all("span")) for turn in shown.all(class_="at-work") for words in turn.all(class_="words")
        )
        with visitor.client.stream("GET", streams[0]) as answer:
            pieces = (line for line in answer.iter_lines() if line.startswith("data: <hx-partial") and "-said" in line)
            arrived = [time.monotonic() for _ in pieces]
        left = speaker.left[word]
        if not arrived and len(left) == len(SENTENCES):
            continue  # over before its stream was opened: the page is then read anew from the record, compared below
        if not early + len(arrived) == len(left) == len(SENTENCES):
            measured.errors.append(
                f"{name}: {len(left)} sentences left, {early} stood on the page, {len(arrived)} came"
            )
            return
        # What stood on the page already came with it; it is in the time until the page was there.
        measured.delays += [came - went for went, came in zip(left[early:], arrived, strict=True)]


def run(conversations: int, questions: int, *, rate: float = 50.0, units: int = 2_000) -> Measured:
    """Hold that many conversations at once.

    Args:
        conversations: How many.
        questions: Of each, one after the other.
        rate: Tokens a second that the model says to each.
        units: Rows of each experiment's data.
    """
    measured, speaker = Measured(), Speaker(rate)
    names = [f"test-{number}" for number in range(conversations)]
    words = {name: [f"q{number}x{n}q" for n in range(questions)] for number, name in enumerate(names)}
    speaker.left = {word: [] for asked in (*words.values(), ["warm"]) for word in asked}
    with tempfile.TemporaryDirectory() as place, Loopback(speaker.script, lean=True) as model:
        folder = workspace_for_web(Path(place) / "lab", model.url)
        with Web(folder) as web:
            _prepare(web, [*names, "warm-up"], units)
            visitors = [web.enter() for _ in names]
            converse(visitors[0], "warm-up", ["warm"], speaker, Measured())
            measured.idle = _megabytes(web.pid)
            talks = [
                threading.Thread(target=_safely, args=(converse, visitor, name, words[name], speaker, measured))
                for visitor, name in zip(visitors, names, strict=True)
            ]
            for talk in talks:
                talk.start()
            while any(talk.is_alive() for talk in talks):
                measured.peak = max(measured.peak, _megabytes(web.pid))
                time.sleep(0.25)
            measured.after = _megabytes(web.pid)
            measured.errors += _untold(web, names, questions)
            for visitor in visitors:
                visitor.client.close()
    return measured


def _prepare(web: Web, names: list[str], units: int) -> None:
    """Experiments of one plan and one file, each registered and read once."""
    made, copilot = plan(units=units), web.copilot()
    path = canaries(web.folder, n=units)
    from expcopilot.flow import open_data  # noqa: PLC0415 - not where only the times are read

    for name in names:
        copilot.register(made.model_copy(update={"experiment": name}))
        copilot.analyze(name, open_data.rows(path))
    copilot.workspace.close()


def _safely(work: Callable[..., None], *given: Any) -> None:
    try:
        work(*given)
    except Exception as error:  # noqa: BLE001 - told in the table, as every other error
        given[-1].errors.append(f"{given[1]}: {type(error).__name__}: {error}")


def _untold(web: Web, names: list[str], questions: int) -> list[str]:
    """Conversations whose record is not what was said in them."""
    found = []
    for name in names:
        answers = [t.record.text for t in web.state(name).turns if t.record.speaker == "guide"]
        if len(answers) != questions or any("could be noise" not in text for text in answers):
            found.append(f"{name}: {len(answers)} answers on record, not {questions}")
    return found


def _megabytes(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def table(measured: Measured, conversations: int, questions: int) -> str:
    """The figures as a table in Markdown."""
    late = sorted(measured.delays) or [float("nan")]

    def ms(seconds: float) -> str:
        return f"{1000 * seconds:,.0f} ms"

    def at(share: float) -> float:
        return late[min(int(share * len(late)), len(late) - 1)]

    each = (measured.peak - measured.idle) / conversations
    rows = [
        ("sentences", f"{len(measured.delays):,}"),
        ("delay of a sentence's last token, median", ms(statistics.median(late))),
        ("delay, 95%", ms(at(0.95))),
        ("delay, 99%", ms(at(0.99))),
        ("delay, longest", ms(late[-1])),
        ("a line sent to its page shown, median", ms(statistics.median(measured.firsts or [float("nan")]))),
        ("server's memory, idle and warm", f"{measured.idle:,.0f} MB"),
        ("server's memory at its peak", f"{measured.peak:,.0f} MB"),
        ("memory a conversation", f"{each:,.1f} MB"),
        ("server's memory afterwards", f"{measured.after:,.0f} MB"),
        ("errors", str(len(measured.errors))),
    ]
    lines = [f"| {conversations} conversations at once, {questions} questions each | |", "|---|---|"]
    return "\n".join([*lines, *(f"| {name} | {value} |" for name, value in rows)])


def main() -> int:
    """Print the table; write the page where one is named."""
    given = argparse.ArgumentParser()
    given.add_argument("--conversations", type=int, default=20)
    given.add_argument("--questions", type=int, default=4)
    given.add_argument("--page", default="", help="a page to write, such as docs/page-speed.md")
    asked = given.parse_args()
    load = os.getloadavg()[0]
    measured = run(asked.conversations, asked.questions)
    shown = table(measured, asked.conversations, asked.questions)
    cores = f"{os.cpu_count()} cores, load {load:.1f} before it began"
    sys.stdout.write(f"page: conversations at 50 tokens/s each; {cores}\n\n{shown}\n")
    sys.stdout.writelines(f"  {error}\n" for error in measured.errors)
    if asked.page:
        Path(asked.page).write_text(_PAGE.format(table=shown, cores=cores), encoding="utf-8")
    return 1 if measured.errors else 0


_PAGE = """\
# Speed of the page

What is measured: many conversations at once on one `expcopilot web`, each with a model on loopback that says 50 tokens
a second. The page shows a sentence once it is whole and has passed the firewall, so the figure is the way of its last
token: from the moment it left the model to the moment a reader has the sentence. Between the two lie the model's
client, the firewall with the experiment's facts, the server and its stream of events. All ask at the same moment, so
the time until a line's page is shown is that of the whole burst. The model, the readers, the server and whatever else
runs on the machine share the cores.

    .venv/bin/python bench/bench_conversations.py --page docs/page-speed.md

## Figures

{cores}.

{table}

Errors are answers that did not come, sentences missing or doubled on the way, and records that differ from what was
read. The first question after a start takes longer by the seconds in which the model's client is loaded.
"""


if __name__ == "__main__":
    sys.exit(main())
