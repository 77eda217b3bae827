"""The page's server killed with -9 in the middle of an answer, an upload, a decision: it comes back with the truth."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest

from expcopilot.api import Copilot
from expcopilot.flow.gates import pending
from expcopilot.flow.steps.sharpen import approved_hypothesis
from expcopilot.memory import plan_files
from expcopilot.memory.workspace import Workspace
from expcopilot.records.entry import Entry
from expcopilot.records.experiment import Experiment
from loopback.replies import Said
from loopback.server import Loopback
from raw_http import connection
from stages import orders_file, plan_of, says
from web_markup import Markup
from webbing import Web, workspace_for_web

KINDS = ("stream", "gate", "upload")
IDEA = "A form with three fields should bring more orders, because people tell us that the long form scares them away"
QUESTION = "Is the difference large enough to matter?"
UNITS = 2_000


class Act(NamedTuple):
    """What a person does next; kind: in the middle of what it is to be killed, or "" where of nothing."""

    kind: str
    do: Callable[[], object]


class Lives:
    """Experiments taken one after another from idea to close on a page whose server dies."""

    def __init__(self, folder: Path, server: Loopback, seed: int) -> None:
        self.server = server
        self.chance = random.Random(seed)  # noqa: S311 - when to kill
        self.web = Web(workspace_for_web(folder, server.url))
        self.visitor = self.web.enter()
        self.number, self.name = 0, ""
        self.lost: list[str] = []
        self.file = orders_file(folder.parent / "sent" / "orders.csv", units=UNITS)
        self.kept: list[Entry] = []

    def state(self) -> Experiment:
        return self.web.state(self.name)

    def next(self) -> Act:  # noqa: PLR0911 - one line a stage
        """What comes next, by where things stand."""
        if not self.name:
            return Act("stream", self.begin)
        state = self.state()
        if state.closing is not None:
            self.name = ""
            return Act("stream", self.begin)
        at = f"/e/{self.name}"
        if pending(state) is not None:
            return Act("gate", lambda: self.visitor.submit(at, f"{at}/gate", "Approve"))
        if any(form.action == f"{at}/again" for form in self.visitor.markup(at).forms):
            return Act("stream", lambda: self.visitor.submit(at, f"{at}/again"))
        if state.registration is None:
            if approved_hypothesis(state) is None:
                return Act("stream", lambda: self.visitor.submit(at, f"{at}/say", text=f"{IDEA}. Anew."))
            return Act("", self.register)
        if not state.looks:
            if not self.files():
                return Act("upload", lambda: self.upload(1.0))
            return Act("", self.look)
        if not any(turn.record.speaker == "guide" for turn in state.turns):
            return Act("stream", lambda: self.visitor.submit(at, f"{at}/say", text=QUESTION))
        return Act("", lambda: self.visitor.submit(at, f"{at}/close"))

    def begin(self) -> None:
        self.number += 1
        before = set(self.experiments())
        with suppress(httpx.HTTPError, AssertionError):
            self.visitor.submit("/", "/ideas", idea=f"{IDEA}. Try {self.number}.")
        self.name = next(iter(set(self.experiments()) - before), "")

    def register(self) -> None:
        plan = plan_of(self.name, "Do three fields bring more orders?", "A form with three fields", units=UNITS)
        stands = approved_hypothesis(self.state())
        assert stands is not None
        changed = plan.hypothesis.model_copy(update={"change": stands.change})
        plan_files.save(
            plan.model_copy(update={"hypothesis": changed}), self.web.folder / "plans" / f"{self.name}.yaml"
        )
        self.visitor.submit(f"/e/{self.name}", f"/e/{self.name}/plan/register")

    def look(self) -> None:
        page = f"/e/{self.name}/data/{self.files()[-1]}"
        self.visitor.submit(page, f"/e/{self.name}/look", "Take look")

    def files(self) -> list[str]:
        """Data files that the page offers for this experiment."""
        links = self.visitor.markup(f"/e/{self.name}").all("a")
        start = f"/e/{self.name}/data/"
        found = [
            link.attributes["href"].removeprefix(start)
            for link in links
            if link.attributes.get("href", "").startswith(start)
        ]
        return [name for name in found if self.name in name]

    def upload(self, share: float) -> None:
        """Send the experiment's file by hand, as much of it as this share, and wait for the answer to all of it."""
        body = self.file.read_bytes()
        parts = (
            f'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{self.visitor.csrf}\r\n'
            f'--x\r\nContent-Disposition: form-data; name="data"; filename="{self.name}.csv"\r\n'
            "Content-Type: text/csv\r\n\r\n"
        )
        whole = parts.encode() + body + b"\r\n--x--\r\n"
        cookie = "; ".join(f"{c.name}={c.value}" for c in self.visitor.client.cookies.jar)
        head = (
            f"POST /e/{self.name}/data HTTP/1.1\r\nHost: {self.web.base[7:]}\r\nCookie: {cookie}\r\n"
            "Connection: close\r\n"
            f"Content-Type: multipart/form-data; boundary=x\r\nContent-Length: {len(whole)}\r\n\r\n"
        )
        with connection(self.web.base) as line, suppress(OSError):
            line.sendall(head.encode() + whole[: int(len(whole) * share)])
            if share < 1:
                self.web.kill()
            while line.recv(65536):
                pass

    def until(self, kind: str) -> Act:
        """Live on until the next thing is of this kind."""
        while True:
            act = self.next()
            if act.kind == kind:
                return act
            act.do()
            self.rests()

    def rests(self) -> None:
        """Wait until no turn runs."""
        end = time.monotonic() + 60
        while self.name and Markup(self.visitor.get(f"/e/{self.name}").text).all(class_="at-work"):
            assert time.monotonic() < end
            time.sleep(0.05)

    def dies(self, kind: str) -> None:
        """Kill it in the middle of such a thing, and start it again; the session goes on."""
        act = self.until(kind)
        self.kept = self.entries()
        if kind == "upload":
            self.upload(self.chance.random() * 0.98)
        else:
            doing = threading.Thread(target=self._quietly, args=(act.do,))
            doing.start()
            time.sleep(self.chance.choice((0.02, 0.1, 0.4, 1.0)) * self.chance.random())
            self.web.kill()
            doing.join()
        self.web.kill()
        time.sleep(0.4)  # what the model's server is still saying to nobody
        self.web.start()

    def _quietly(self, do: Callable[[], object]) -> None:
        with suppress(httpx.HTTPError, AssertionError, OSError):
            do()

    def entries(self) -> list[Entry]:
        with Workspace.open(self.web.folder) as workspace:
            return list(workspace.ledger.entries())

    def experiments(self) -> tuple[str, ...]:
        with Workspace.open(self.web.folder) as workspace:
            return tuple(workspace.ledger.experiments())

    def check(self) -> None:
        """Nothing lost, nothing twice; the page, the folder of data and the gates tell what the ledger tells."""
        with Workspace.open(self.web.folder) as workspace:
            assert workspace.ledger.verify().sound
        entries = self.entries()
        assert entries[: len(self.kept)] == self.kept
        answered = [entry.payload["request"] for entry in entries if entry.kind == "answered"]
        assert len(set(answered)) == len(answered)
        unkept = len(self.server.usable) - len(answered) - len(self.lost)
        assert unkept in {0, 1}, "more than the request in flight was answered and not kept"
        self.lost += self.server.usable[-1:] * unkept
        assert set(self.server.asked_again()) <= set(self.lost)
        done = Counter((entry.kind, entry.experiment) for entry in entries)
        assert not [key for key, count in done.items() if key[0] in {"registered", "looked", "closed"} and count > 1]
        for name in self.experiments():
            state = self.web.state(name)
            assert len(state.decisions) <= len(state.proposals), "no gate is answered twice"
            self._shown(name, state)
        folder = self.web.folder / "data"
        for file in folder.glob("[!.]*") if folder.is_dir() else ():
            assert file.read_bytes() == self.file.read_bytes(), "a file that is here is whole"

    def _shown(self, name: str, state: Experiment) -> None:
        page = self.visitor.markup(f"/e/{name}")
        gates, waiting = page.all("section", id="gate"), pending(state)
        assert len(gates) == (waiting is not None)
        if waiting is not None:
            form = next(form for form in page.forms if form.action == f"/e/{name}/gate")
            assert form.values["digest"] == waiting.record.digest
        assert bool(page.all(id="results")) == bool(state.looks)
        assert not page.all(class_="at-work"), "no turn outlives its server"


@pytest.mark.parametrize("kills", [3, pytest.param(50, marks=pytest.mark.torture)])
def test_the_page_tells_the_truth_after_kills(tmp_path: Path, kills: int) -> None:
    """Killed mid-stream, mid-upload and mid-gate: after each restart nothing is there twice and nothing is lost."""

    def slowly(body: dict) -> Said:
        time.sleep(0.2)  # so that kills find requests in flight
        return says(body)

    with Loopback(slowly) as server:
        lives = Lives(tmp_path / "lab", server, seed=41)
        try:
            for kill in range(kills):
                lives.dies(KINDS[kill % 3])
                lives.check()
            finished = lives.number
            while kills > len(KINDS) and lives.number == finished and (not lives.name or lives.state().closing is None):
                lives.next().do()
                lives.rests()
            lives.check()
            assert "Traceback" not in lives.web.said
        finally:
            lives.visitor.client.close()
            lives.web.kill()
    with Workspace.open(lives.web.folder) as workspace:
        report = Copilot(workspace, workspace.ledger).verify()
    assert report.sound, report.faults
