"""A marketer's whole journey in a real browser: by mouse, by keyboard alone, by finger on a phone."""

from __future__ import annotations

import csv
import re
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from expcopilot.records.plan import Plan
from stages import IDEA, SOURCE, says
from tests_plan import today
from walking import Finger, Hands, Keyboard, Mouse
from webbing import Web

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
SOON = 30_000
QUOTED = "41.3% of those who paused came back on their own"


class Marketer:
    """Somebody with an idea, at the page of a workspace; every step ends where the page says that it is done."""

    def __init__(self, web: Web, hands: Hands) -> None:
        self.web, self.hands, self.page = web, hands, hands.page
        self.name = ""

    def whole_way(self, folder: Path) -> None:
        """From the idea to a readout that was checked."""
        self.sharpens()
        self.plans()
        self.writes_copy()
        self.reads(self.results(folder))
        self.reads_out()
        self.verifies()

    def button(self, name: str, place: str = "main") -> None:
        self.hands.press(self.page.locator(place).get_by_role("button", name=name, exact=True).first)

    def link(self, name: str | re.Pattern[str], place: str = "main") -> None:
        self.hands.press(self.page.locator(place).get_by_role("link", name=name).first)

    def says(self, label: str, text: str) -> None:
        self.hands.write(self.page.get_by_label(label).first, text)

    def sees(self, text: str | re.Pattern[str]) -> None:
        expect(self.page.locator("main")).to_contain_text(text, timeout=SOON)

    def sharpens(self) -> None:
        """An idea; the questions it leaves open answered; the hypothesis approved."""
        self.says("What would you change", IDEA)
        self.button("Sharpen it")
        self.sees("5 questions are still open")
        self.name = self.page.url.rpartition("/e/")[2].partition("#")[0]
        answers = {
            "For whom: who can see": "Everybody who opens the checkout",
            "How big a change": "five points",
            "What result would prove": "Orders do not rise by five points",
            "How does the deciding number": "Orders are what the shop lives on",
        }
        for question, answer in answers.items():
            self.says(question, answer)
        self.button("Put it to me with these answers")
        self.sees("1 question is still open")
        self.button("Approve")
        self.sees(re.compile("approved by Ada", re.IGNORECASE))

    def plans(self) -> None:
        """The plan from its questions, its size growing beside them; registered at the gate."""
        self.link("Write its plan", "#record")
        self.says("What is orders today?", "20%")
        self.hands.date(
            self.page.get_by_label("On which day can the first"), today()
        )  # and no traffic: it ends by its size
        expect(self.page.locator("#sizing svg.plot")).to_be_visible(timeout=SOON)
        self.button("Write the plan")
        self.sees("In plain words")
        self.button("Register this plan")
        self.sees("Freeze this plan?")
        self.button("Approve")
        self.sees("Sealed on")

    def writes_copy(self) -> None:
        """Copy drafted by the model; each mark settled; a text approved."""
        self.link("Write a brief", "#record")
        self.hands.choose(self.page.get_by_label("Where does it appear?"), "push notification")
        self.button("Have it drafted")
        self.sees("What stands behind it")
        self.settles_all()
        self.button("Approve this text")
        self.sees(re.compile("approved by Ada", re.IGNORECASE))

    def settles_all(self) -> None:
        """Every open mark settled: a claim by the words of the source that carry it, the rest in a person's name."""
        marks = self.page.locator("details.evidence").filter(has_text="· open")
        left = marks.count()
        assert left > 1
        while left:
            fold = marks.first
            if fold.get_attribute("open") is None:
                self.hands.press(fold.locator("summary").first)
            if fold.get_by_label("What is this sentence?").count():
                self.hands.write(fold.get_by_label("What is this sentence?"), "A plain word of help")
                self.hands.press(fold.get_by_role("button", name="Tick it"))
            elif "40%" in fold.inner_text():
                self.hands.write(fold.get_by_label("The words, exactly as they stand there"), QUOTED)
                self.hands.press(fold.get_by_role("button", name="Quote it"))
            else:
                self.hands.write(fold.get_by_label("why?"), "Ada stands for it until Friday")
                self.hands.press(fold.get_by_role("button", name="Waive it"))
            expect(marks).to_have_count(left - 1, timeout=SOON)
            left -= 1

    def results(self, folder: Path) -> Path:
        """The data of the test that was planned, with a real difference."""
        plan = self.web.state(self.name).plan
        assert plan is not None
        return results_of(plan, folder / "results.csv")

    def reads(self, file: Path) -> None:
        """The file brought, held against the plan, read by one look."""
        self.link(self.name)
        self.hands.give(self.page.get_by_label("Drop a file here, or choose one"), file)
        self.button("Bring it")
        self.sees("Names and types only")
        self.button("Take look number 1")
        self.sees("The case for the null")
        expect(self.page.locator("#results")).to_contain_text("upported")
        assert len(self.web.state(self.name).looks) == 1

    def reads_out(self) -> None:
        """The readout written, opened as a document."""
        self.button("Write the readout")
        self.sees("Written on")
        self.link("Open the readout")
        expect(self.page.locator("body")).to_contain_text("How to check this readout", timeout=SOON)
        expect(self.page.locator("body")).to_contain_text("Every look taken")
        self.page.go_back()

    def verifies(self) -> None:
        """Everything recomputed, and found sound."""
        self.link("History", ".bar")
        self.button("Verify everything")
        self.sees("Sound: no difference found")


def results_of(plan: Plan, path: Path, seed: int = 3) -> Path:
    """Rows for a plan of two arms and one share: today's 20%, and nine points more."""
    chance = np.random.default_rng(seed)
    analysis, units = plan.analysis, plan.design.committed_units
    assert units is not None
    metric = analysis.metrics[0]
    assert metric.column is not None
    columns = [analysis.unit, analysis.arm_column, metric.column]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        for number in range(units + 10):
            arm = analysis.arms[number % 2].name
            treated = arm != analysis.control
            writer.writerow([f"v{number}", arm, int(chance.random() < 0.2 + 0.09 * treated)])
    return path


@pytest.fixture
def begun(serving) -> Web:
    """A workspace with a source and an honest model."""
    web = serving(script=says)
    (web.folder / "sources" / "pause-terms.md").write_text(
        f"---\nowner: Ada\nkind: terms\nexpires: 2099-01-01\n---\n{SOURCE}", encoding="utf-8"
    )
    return web


@pytest.mark.parametrize(
    ("hands", "size"),
    [
        (Mouse, WIDE),
        pytest.param(Keyboard, WIDE, marks=pytest.mark.torture),
        pytest.param(Finger, PHONE, marks=pytest.mark.torture),
    ],
    ids=["mouse", "keyboard", "phone"],
)
def test_the_whole_way_from_an_idea_to_a_checked_readout(begun, browsing, tmp_path, hands, size):
    """Idea, questions, gate, plan with its curve, gate, copy, data, one look, verdict beside its doubts, readout."""
    page: Page = browsing(begun, viewport=size, has_touch=hands is Finger, is_mobile=hands is Finger)
    marketer = Marketer(begun, hands(page))
    marketer.whole_way(tmp_path)
    done = Counter(begun.kinds(marketer.name))
    assert {kind: done[kind] for kind in ("registered", "looked", "refused")} == {
        "registered": 1,
        "looked": 1,
        "refused": 0,
    }
    assert not begun.model.sent_twice()
