"""Results on the page: the verdict beside the case for the null, what is closed stays closed, and the document."""

from __future__ import annotations

import csv
import json
import re
import time
from base64 import b64encode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.sync_api import Page

from copilot_tools.refusals import Refused
from expcopilot.api import Copilot
from expcopilot.flow.open_data import rows
from expcopilot.outputs.report import documents
from speaking import canaries, on_the_wire
from speaking import registered as registered_for_model
from tests_plan import CONVERSION, LATENCY, plan
from web_markup import Markup
from webbing import Visitor, Web

CONVERTED = {"control": 371, "b": 437}
"""How many of 3,000 each: 12.37% and 14.57%, 2.20 points apart."""


def people(file: Path, name: str, of_arm: int) -> Path:
    """A file of ``of_arm`` people an arm, converting as ``CONVERTED`` of 3,000 each."""
    with file.open("w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["user", "arm", "converted", "latency", "device"])
        for arm, converted in CONVERTED.items():
            for i in range(of_arm):
                bought = int(i % 3000 < converted)
                device = "phone" if i % 7 < 3 else "desktop"
                writer.writerow([f"{name}-{arm}-{i}", arm, bought, 200 + i % 23, device])
    return file


def read_once(copilot: Copilot, folder: Path, name: str, units: int, **analysis: object) -> None:
    """A registered experiment of 6,000 committed units, read once with so many an arm."""
    copilot.register(plan(name, units=6000, metrics=(CONVERSION, LATENCY), **analysis))
    copilot.analyze(name, rows(str(people(folder / f"{name}.csv", name, units))), cuts=("device",))


@pytest.fixture(scope="module")
def read(web: Web) -> Web:
    """The module's workspace with one experiment read at its end, and one before it."""
    copilot = web.copilot()
    read_once(copilot, web.folder, "done", 3000)
    copilot.register(plan("early", units=20_000, metrics=(CONVERSION, LATENCY)))
    copilot.analyze("early", rows(str(people(web.folder / "early.csv", "early", 3000))))
    for _ in range(2):
        with pytest.raises(Refused):
            copilot.close("early")
    copilot.workspace.close()
    return web


@pytest.mark.usefixtures("read")
def test_the_verdict_stands_beside_the_case_for_the_null(visitor: Visitor):
    """Both are on the page at once and unfolded, with the number, what matters, guardrails, and looks counted."""
    page = visitor.markup("/e/done")
    (results,) = page.all(id="results")
    (verdict,) = results.all(id="verdict")
    (null,) = results.all("section", aria_labelledby="results-null")
    assert "Supported" in verdict.text
    assert "+2.20 points" in verdict.text
    assert "What would matter: +1.00 points" in verdict.text
    assert verdict.all("svg")
    assert "The case for the null" in null.text
    assert null.all(class_="attack")
    for shown in (verdict, null):
        ancestor = shown.parent
        while ancestor is not None:
            assert ancestor.tag != "details"
            ancestor = ancestor.parent
    assert "1 look, 1 with outcomes" in results.text
    assert "latency" in results.text
    folded = [e.all("summary")[0].text for e in results.all("details")]
    assert {"Every metric", "Every look taken", "The data"} <= set(folded)


@pytest.mark.usefixtures("read")
def test_unplanned_cuts_are_set_apart_and_become_ideas(visitor: Visitor):
    """What nobody planned stands in a section of its own, and each part of it begins a new idea on the board."""
    (apart,) = visitor.markup("/e/done").all(class_="exploratory")
    assert "Nobody planned this cut" in apart.text
    links = [a.attributes["href"] for a in apart.all("a")]
    assert len(links) == 2
    board = visitor.markup(links[0])
    (idea,) = board.all("textarea", id="idea")
    assert "A short form of three fields instead of nine, for device = " in idea.text
    assert "it was not tested" in idea.text


def test_a_blinded_look_shows_no_outcome_anywhere(read: Web, visitor: Visitor):
    """No count, level or effect of an outcome is in the page, its readout or any download of a look before the end."""
    copilot = read.copilot()
    state = copilot.experiment("early")
    copilot.workspace.close()
    assert not state.looks[-1].record.shows_outcomes
    outcome = re.compile(r"\b(?:371|437|808|12\.37|12\.4|14\.57|14\.6|2\.2|2\.20|17\.8)\b")
    assert outcome.search(visitor.get("/e/done").text)  # the measure would find them
    for path in ("/e/early", "/e/early/plan", "/e/early/readout", *(f"/e/early/readout/1/{f}" for f in FORMS)):
        answer = visitor.get(path)
        assert answer.status_code == 200
        bare = re.sub(r"[0-9a-f]{12,}|\d{4}-\d\d-\d\d[T ][\d:.]+|[\d.]+%\"", "", answer.text)
        found = outcome.search(bare)
        assert found is None, f"{path}: {bare[found.start() - 80 : found.end() + 40]}"
    page = visitor.markup("/e/early").visible
    assert "Not yet (blinded)" in page
    assert "1 look, none with outcomes, 2 refused attempts" in page
    assert "/?idea=" not in visitor.get("/e/early").text


FORMS = ("html", "md", "json", "txt")


@pytest.mark.usefixtures("read")
def test_the_document_brings_a_stricter_policy(visitor: Visitor):
    """The readout is the self-contained document; its policy allows its own style and nothing else."""
    for path in ("/e/done/readout", "/e/done/readout/1"):
        answer = visitor.get(path)
        (style,) = re.findall(r"<style>(.*?)</style>", answer.text, re.DOTALL)
        digest = b64encode(sha256(style.encode()).digest()).decode()
        policy = answer.headers["content-security-policy"]
        assert policy == (
            f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; "
            "frame-ancestors 'none'"
        )
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "How to check this readout" in answer.text
        assert "script" not in {e.tag for e in Markup(answer.text).walk()}
        assert not [e for e in Markup(answer.text).walk() if "style" in e.attributes]
    assert visitor.get("/e/done/readout/9").status_code == 422
    assert visitor.get("/e/done/readout/1/exe").status_code == 422
    assert visitor.get("/e/done/readout/x").status_code == 404


def test_downloads_are_the_documents(read: Web, visitor: Visitor):
    """Each form is what the report writes, sent as a file of its own name."""
    copilot = read.copilot()
    readout = copilot.readout("done")
    copilot.workspace.close()
    expected = {
        "html": documents.to_html(readout),
        "md": documents.to_markdown(readout),
        "json": documents.to_json(readout),
        "txt": documents.to_brief(readout),
    }
    for form, text in expected.items():
        answer = visitor.get(f"/e/done/readout/1/{form}")
        assert answer.text == text
        assert answer.headers["content-disposition"] == f'attachment; filename="done-look-1.{form}"'
    assert json.loads(expected["json"])["experiment"] == "done"


def test_writing_is_recorded_once_a_content(read: Web, visitor: Visitor):
    """The button writes the files and one entry; the same readout written again is the same entry."""
    for _ in range(2):
        page = visitor.submit("/e/done", "/e/done/readout/1", "Write the readout")
        assert page.url.path == "/e/done"
    assert len(read.state("done").readouts) == 1
    assert "done-look-1.html" in Markup(page.text).visible
    written = read.folder / "readouts" / "done" / "done-look-1.html"
    assert written.read_text(encoding="utf-8") == visitor.get("/e/done/readout/1/html").text
    assert visitor.post("/e/early/readout/7").status_code == 422


def test_a_model_words_the_readout_through_the_firewall(serving: Callable[..., Web], tmp_path: Path):
    """With a model, writing words the finding and the case for the null; the page and the document show it."""
    web = serving(script=on_the_wire())
    copilot = web.copilot()
    registered_for_model(copilot)
    copilot.analyze("checkout", rows(str(canaries(tmp_path))))
    copilot.workspace.close()
    with web.enter() as ada:
        assert "has the language model word the finding" in ada.markup("/e/checkout").visible
        ada.submit("/e/checkout", "/e/checkout/readout/1", "Write the readout")
        end = time.monotonic() + 60
        while not web.state("checkout").readouts:  # a turn of its own, which runs on
            assert time.monotonic() < end
            time.sleep(0.1)
        (written,) = web.state("checkout").written
        assert written.record.prose
        prose = [p.text for p in ada.markup("/e/checkout").all("p", class_="prose")]
        assert prose
        assert "the estimate for" in prose[0]


def test_results_in_a_browser(browsing: Callable[..., Page], read: Web):
    """Side by side on a wide screen, one below the other on a phone, printed whole; the document opens in style."""
    page = browsing(read, viewport={"width": 1400, "height": 900})
    page.goto(f"{read.base}/e/done")
    verdict, null = page.locator("#verdict"), page.locator(".null-case")
    left, right = verdict.bounding_box(), null.bounding_box()
    assert left is not None
    assert right is not None
    assert abs(left["y"] - right["y"]) < 4
    assert right["x"] >= left["x"] + left["width"]
    page.set_viewport_size({"width": 360, "height": 800})
    left, right = verdict.bounding_box(), null.bounding_box()
    assert left is not None
    assert right is not None
    assert right["y"] > left["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.emulate_media(media="print")
    assert page.get_by_role("heading", name="The case for the null").is_visible()
    assert not page.get_by_role("button", name="Write the readout").is_visible()
    page.emulate_media(media="screen")
    page.get_by_role("link", name="Open the readout").click()
    page.wait_for_url("**/e/done/readout/1")
    weight = page.locator(".phrase").evaluate("e => getComputedStyle(e).fontWeight")
    assert weight == "700"  # its style was allowed


def test_plan_and_results_read_without_javascript(browsing: Callable[..., Page], read: Web):
    """With scripts off the plan, the results and the readout are there, and a form works by itself."""
    page = browsing(read, java_script_enabled=False)
    page.goto(f"{read.base}/e/done")
    assert page.get_by_role("heading", name="The case for the null").is_visible()
    page.get_by_role("link", name="The whole plan").click()
    assert page.get_by_text("In plain words").is_visible()
    page.goto(f"{read.base}/plan")
    page.get_by_label("How big a change would matter").fill("+10%")
    page.get_by_label("What is it today?").fill("4%")
    page.get_by_role("button", name="Size it").click()
    assert page.locator("#sizing .curve").count() == 1
    assert "csrf" not in page.url
