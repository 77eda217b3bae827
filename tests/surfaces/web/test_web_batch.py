"""Runs of many briefs on the page: brought, begun, watched, killed, gone on with, reviewed, handed over."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from batches_of_briefs import rows, write_briefs
from expcopilot.api import Copilot
from expcopilot.flow.batch.kept import Asked, Run
from expcopilot.memory.request_store import RequestStore
from loopback.copywriting import copywriter
from loopback.replies import Said
from loopback.server import Loopback
from web_markup import Form, Markup
from webbing import Visitor, Web, workspace_for_web


def plainly(body: dict[str, Any]) -> Said:
    """A copywriter whose words claim nothing, and who says 40% of whatever is reason 1."""
    answer = json.loads(copywriter(body).text)
    for number, variant in enumerate(answer["variants"]):
        for place, field in enumerate(variant["fields"]):
            field["text"] = f"{_LINES[place % 3]} {_WORDS[number % 4]} {variant['mechanism']}."
        if re.search(r"names reason 1\b", json.dumps(body)):
            variant["fields"][0]["text"] = "Saves 40% of time"
    return Said(text=json.dumps(answer))


_LINES = ("Open the app and see the", "Choose the", "Put the")
_WORDS = ("menu", "calendar", "basket", "kitchen")


def slowly(seconds: float, script: Callable[[dict[str, Any]], Said] = plainly) -> Callable[[dict[str, Any]], Said]:
    """A copywriter who takes its time."""

    def says(body: dict[str, Any]) -> Said:
        time.sleep(seconds)
        return script(body)

    return says


@dataclass
class Batching:
    """Somebody at a server with a model, and a run that is theirs: brought from so many briefs.

    Attributes:
        visitor: Who.
        name: The run's.
    """

    visitor: Visitor
    name: str

    @property
    def at(self) -> str:
        """Its page."""
        return f"/batch/{self.name}"

    @property
    def web(self) -> Web:
        """The server."""
        return self.visitor.web

    @property
    def model(self) -> Loopback:
        """The server's model."""
        assert self.web.model is not None
        return self.web.model

    def bring(self, folder: Path, count: int, more: str = "") -> httpx.Response:
        """Bring a file of briefs, each named for the run, so that no other's answer fits it."""
        path = write_briefs(folder / f"{self.name}.csv", count)
        text = path.read_text().replace("lapsed customers", f"customers of {self.name}") + more
        return self.visitor.post("/batch", files={"file": (path.name, text.encode())})

    def begin(self, **said: str) -> httpx.Response:
        """Press the first of its buttons that sets it to work."""
        form = next(f for f in self.visitor.markup(self.at).forms if f.action == f"{self.at}/begin")
        return self.visitor.client.post(form.action, data={**form.values, **said})

    @property
    def run(self) -> Run:
        """As its folder and its lock tell it."""
        return run(self.web.folder, self.name)

    def ends(self, standing: str = "done") -> None:
        """Wait until what came of it is kept, and it stands so."""
        until(lambda: (now := self.run).ended is not None and now.standing == standing)

    def form(self, do: str, brief: str) -> Form:
        """The form of a row of the review table."""
        wanted = {"do": do, "brief": brief, "variant": "v1"}
        return next(f for f in self.visitor.markup(f"{self.at}?show=all").forms if wanted.items() <= f.values.items())

    def send(self, form: Form) -> httpx.Response:
        """Press its button."""
        return self.visitor.client.post(form.action, data=form.values)

    def decided(self) -> int:
        """Decisions on record."""
        return self.web.kinds(self.name).count("decided")


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """Ada at a server whose model answers plainly, one for the module."""
    with Loopback(plainly) as model:
        folder = workspace_for_web(tmp_path_factory.mktemp("batch") / "lab", model.url)
        with Web(folder) as web:
            web.model = model
            with web.enter() as ada:
                yield ada


@pytest.fixture
def batch(lab: Visitor, request: pytest.FixtureRequest) -> Iterator[Batching]:
    """A run of this test's own at the module's server; its model's requests counted from here."""
    made = Batching(lab, re.sub("[^a-z]+", "-", request.node.name.removeprefix("test_"))[:30].strip("-"))
    made.model.requests.clear()
    yield made
    made.model.script = plainly


def run(folder: Path, name: str) -> Run:
    """A run as its folder and its lock tell it."""
    copilot = Copilot.open(folder)
    with copilot.workspace:
        return copilot.run(name)


def until(fits: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not fits():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)


def test_a_run_from_briefs_to_files(batch, tmp_path):
    """Brought, counted, begun, watched; decided by exact text; what may leave leaves; a row edited since is refused."""
    batch.model.script = slowly(0.1)
    ada, at = batch.visitor, batch.at
    page = batch.bring(tmp_path, 5, "b5,push,,nobody,no reason,1\n")
    assert page.url.path == at
    assert "1 row cannot be read" in page.text
    assert "Row 6" in page.text
    assert batch.model.requests == [], "nothing is sent before it is begun"
    assert 'hx-trigger="every 1s"' in batch.begin(budget="5", concurrency="2").text
    batch.ends()
    done = ada.markup(at)
    assert not [e for e in done.walk() if "hx-trigger" in e.attributes]
    assert "5 of 6 have variants" in done.visible
    assert "1 unsourced" in done.visible
    assert "Without variants (1)" in done.visible
    assert len(batch.model.requests) == 5
    for brief in ("b0", "b2"):
        assert batch.send(batch.form("approve", brief)).status_code == 200
    held = batch.send(batch.form("approve", "b1"))
    assert (held.status_code, "has no source" in held.text) == (422, True)
    assert batch.send(batch.form("reject", "b3")).status_code == 200
    assert batch.decided() == 3
    left = Markup(ada.post(f"{at}/hand-over", {"form": "csv"}).text)
    link = next(a.attributes["href"] for a in left.all("a") if "/handed/" in a.attributes.get("href", ""))
    with zipfile.ZipFile(io.BytesIO(ada.get(link).content)) as archive:
        texts = [archive.read(name).decode("utf-8-sig") for name in archive.namelist()]
    assert len(texts) == 2
    assert all('"b0"' in text or '"b2"' in text for text in texts)
    assert [row["brief"] for row in rows(batch.run.out)][:2] == ["b0", "b1"]
    assert b"approve,by,reason" in ada.get(f"{at}/file/review").content
    seen, form = batch.form("approve", "b4").values["digest"], batch.form("approve", "b4")
    copilot = Copilot.open(batch.web.folder)
    with copilot.workspace:
        texts = {"title": "Another text", "body": "And another."}
        copilot.write_variant(batch.name, "b4", texts, variant="v1", digest=seen, model=None)
    stale = batch.send(form)
    assert (stale.status_code, "is not the text that was seen" in stale.text) == (422, True)
    assert batch.decided() == 3
    assert "And another." in ada.get(f"{at}?show=all").text


@pytest.mark.torture
def test_stopped_by_a_button_and_pressed_twice(batch, tmp_path):
    """Begin pressed twice begins once; Stop ends it softly; a budget stops it, is raised, and it goes on."""
    batch.model.script = slowly(0.3)
    batch.bring(tmp_path, 12)
    form = next(f for f in batch.visitor.markup(batch.at).forms if f.action == f"{batch.at}/begin")
    for _ in range(2):
        answer = batch.visitor.client.post(form.action, data={**form.values, "concurrency": "2"})
        assert answer.status_code == 200
    until(lambda: len(batch.model.requests) >= 2)
    batch.visitor.post(f"{batch.at}/stop")
    batch.ends("stopped")
    assert len(batch.model.requests) < 12
    assert "nothing is asked or paid for twice" in batch.visitor.get(batch.at).text
    batch.model.script = plainly
    batch.begin(budget="0.01")
    batch.ends("budget")
    assert "Raise it and go on" in batch.visitor.get(batch.at).text
    batch.begin(budget="5")
    batch.ends()
    assert len(batch.model.requests) == 12, "nothing was sent twice"


@pytest.mark.torture
def test_what_failed_is_asked_again(batch, tmp_path):
    """A row the model refused stands with why; asked again, that row alone is."""

    def says(body: dict[str, Any]) -> Said:
        bad = "names reason 2" in json.dumps(body)
        return Said(text="No.", stop="refusal") if bad else plainly(body)

    batch.model.script = says
    batch.bring(tmp_path, 4)
    batch.begin()
    batch.ends()
    assert "Ask again for what failed" in batch.visitor.get(batch.at).text
    assert "b2" in batch.visitor.markup(f"{batch.at}?show=failed").all("div", id="review")[0].text
    batch.model.script, sent = plainly, len(batch.model.requests)
    batch.begin()
    until(lambda: (ended := batch.run.ended) is not None and ended.summary.failed == 0)
    assert len(batch.model.requests) == sent + 1


@pytest.mark.torture
def test_killed_in_mid_run_and_gone_on(serving, tmp_path):
    """SIGKILL of server and worker while requests are under way: shown as stopped; gone on, nothing kept is asked."""
    web = serving(model=Loopback(slowly(0.15)))
    with web.enter() as ada:
        batch = Batching(ada, "autumn")
        batch.bring(tmp_path, 16)
        batch.begin(concurrency="3")
        until(lambda: len(web.model.completed) >= 4 and batch.run.told is not None)
        web.kill()
        os.kill(batch.run.told.pid, signal.SIGKILL)
        until(lambda: not batch.run.held)
        with RequestStore(web.folder / "batches" / "requests.sqlite") as store:
            kept = store.count(batch.run.job(Asked()).run, "answered")
        sent = len(web.model.requests)
        assert 0 < kept <= sent < 16
        web.start()
        page = ada.markup(batch.at).visible
        assert "Stopped" in page
        assert "of 16 briefs" in page
        batch.begin()
        batch.ends()
        assert len(web.model.requests) == sent + 16 - kept, "what was kept is not asked again"
        assert len(rows(batch.run.out)) == 16


@pytest.mark.torture
def test_the_worker_ends_with_its_server(serving, tmp_path):
    """The server gone, its run is interrupted as by Ctrl-C: what was under way is kept; the next server goes on."""
    web = serving(model=Loopback(slowly(0.15)))
    with web.enter() as ada:
        batch = Batching(ada, "autumn")
        batch.bring(tmp_path, 16)
        batch.begin(concurrency="2")
        until(lambda: len(web.model.completed) >= 3)
        web.restart()
        batch.ends("stopped")
        assert batch.run.ended.summary.stopped == "interrupted"
        assert 3 <= len(web.model.requests) < 16
        batch.begin()
        batch.ends()
        assert len(web.model.requests) == 16, "nothing was sent twice"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("x.docx", b"PK"),
        ("x.csv", b"id,channel\nb1,push\n"),
        ("x.csv", b"change,audience,because\n"),
        ("x.jsonl", b"\xff\xfe"),
        ("x.xlsx", b"not a workbook"),
        ("x.parquet", b"PAR1"),
    ],
)
def test_what_holds_no_briefs_is_refused(visitor, name, data):
    """Another format, no briefs, a damaged file: refused in place, and no run is made of it."""
    answer = visitor.post("/batch", files={"file": (name, data)})
    assert answer.status_code == 422
    assert "refused-reason" in answer.text
    assert not list((visitor.web.folder / "batches").glob("x*"))


def test_settings_that_cannot_be(visitor, tmp_path):
    """No model, odd numbers, a run there is none of: refused where one looks, and nothing is begun."""
    briefs = write_briefs(tmp_path / "winter.csv", 2).read_bytes()
    at = visitor.post("/batch", files={"file": ("Winter  2026!.csv", briefs)}).url.path
    assert at == "/batch/winter-2026"
    assert visitor.post("/batch", files={"file": ("winter-2026.csv", briefs)}).url.path == f"{at}-2"
    batch = Batching(visitor, "winter-2026")
    for said in ({"concurrency": "many"}, {"concurrency": "0"}, {"budget": "-1"}, {"budget": "nan"}, {"mode": "fast"}):
        assert (batch.begin(**said).status_code, said) == (422, said)
    assert batch.run.standing == "ready"
    for address in ("/batch/nobody", "/batch/..%2f..%2fsources", f"{at}/file/ledger", f"{at}/file/variants"):
        assert visitor.get(address).status_code == 422
    batch.begin()
    batch.ends("refused")
    page = visitor.markup(at)
    assert "Could not begin" in page.visible
    assert "model" in page.all("div", class_="refused")[0].text
