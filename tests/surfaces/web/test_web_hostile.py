"""Hostile text in every field, file name, column, segment and answer of a model: inert in every view and readout."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from crawling import crawl, fuzz
from expcopilot.api import Copilot
from hostile_strings import MARK, Vocabulary, hostile_strings, long_word
from hostile_workspace import fill
from loopback.replies import Said
from web_markup import Markup
from webbing import Visitor, Web, workspace_for_web

SAMPLE = 2
WHOLE = 500
"""Strings under torture."""
PART = 25
"""Of them in one workspace, so that workers share them."""


def filled_workspace(folder: Path, strings: list[str]) -> Path:
    """A workspace with one harmless experiment and one for each string, every second with a gate waiting."""
    workspace_for_web(folder)
    copilot = Copilot.open(folder)
    with copilot.workspace:
        fill(copilot, "plain", "harmless words", "other words", "more words", close=False)
        around = itertools.cycle(strings)
        next(around)
        for number, text in enumerate(strings):
            second = next(around)
            made = fill(copilot, f"e{number}", text, second, second, close=number % 2 == 0)
            assert {"readout", "register"} & set(made.done), (text, made.refused)
    return folder


def taught(visitor: Visitor) -> Vocabulary:
    """What templates and the pages of the harmless experiment hold."""
    plain = crawl(visitor, "/e/plain", "/brief", "/plan", "/look", "/batch", only=["/e/plain"])
    return Vocabulary(*(html for html in plain.values() if MARK not in html))


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    """A server on a workspace of hostile experiments, to try its forms on."""
    folder = filled_workspace(tmp_path_factory.mktemp("hostile") / "lab", hostile_strings(SAMPLE, seed=31))
    with Web(folder) as running:
        yield running


def test_every_view_is_what_its_templates_wrote(lab):
    """Texts, arms, metrics, columns, segments, files, sources, briefs, copy, reasons: no element, no attribute more."""
    inert(lab, hostile_strings(SAMPLE, seed=31))


@pytest.mark.torture
@pytest.mark.parametrize("start", range(0, WHOLE, PART))
def test_every_view_of_five_hundred_is_what_its_templates_wrote(tmp_path, start):
    """The same for five hundred strings."""
    strings = hostile_strings(WHOLE)[start : start + PART]
    with Web(filled_workspace(tmp_path / "lab", strings)) as web:
        inert(web, strings)


def inert(web: Web, strings: list[str]) -> None:
    """Follow every link of a workspace of hostile experiments: each page is what its templates wrote."""
    with web.enter() as visitor:
        known = taught(visitor)
        found = crawl(visitor, "/", most=60 * len(strings))
        assert not {path: status for path, status in found.broken.items() if status >= 500}
        faults = {path: wrong for path, html in found.items() if (wrong := known.faults(html, strings))}
        assert not faults
        for number in range(len(strings)):
            assert MARK in Markup(found[f"/e/e{number}"]).visible
    assert "Traceback" not in web.said


@pytest.mark.parametrize("rounds", [1, pytest.param(12, marks=pytest.mark.torture)])
def test_every_field_of_every_form_takes_hostile_text_as_text(lab, rounds):
    """Each form filled with hostile strings, in its files' names and columns, too: refused or done, and inert."""
    strings = itertools.cycle(hostile_strings(WHOLE, seed=37))
    with lab.enter() as visitor:
        known = taught(visitor)
        for _ in range(rounds):
            found = crawl(visitor, "/", "/e/e1", "/e/plain", most=40 if rounds > 1 else 8)
            assert found.forms
            for form in found.forms:
                given = list(itertools.islice(strings, len(form.free) + 2 * len(form.files) + 2))
                answer = fuzz(visitor, form, given)
                assert answer.status_code < 500, (form.page, form.form.action, given, answer.text[-600:])
                if "text/html" in answer.headers["content-type"]:
                    assert not known.faults(answer.text, given), (form.page, form.form.action, given)
        after = crawl(visitor, "/", most=60)
        assert not {path: wrong for path, html in after.items() if (wrong := known.faults(html))}
        assert "Traceback" not in lab.said


def test_words_of_a_megabyte_are_refused_or_kept_as_words(lab):
    """A word longer than a form may be: an answer in words, and the server goes on."""
    word = long_word()
    with lab.enter() as visitor:
        for form in crawl(visitor, "/", "/e/plain", most=6).forms[:8]:
            for size in (len(word), 200_000):
                for field in form.free[:2]:
                    said = {**form.form.values, field: word[:size]}
                    answer = visitor.client.post(form.form.action, data=said)
                    assert answer.status_code < 500, (form.form.action, field)
        assert visitor.get("/").status_code == 200


def test_nothing_hostile_runs_in_a_browser(lab, browsing, watch):
    """A real browser on a sample of those pages: no script, no dialog, no request elsewhere, no violation."""
    page = browsing(lab)
    with lab.enter() as visitor:
        paths = [path for path in crawl(visitor, "/", "/e/e0", "/e/e1", most=14) if "plain" not in path]
    assert len(paths) > 3
    for path in paths:
        page.goto(f"{lab.base}{path}")
        page.mouse.move(300, 300)
        page.keyboard.press("Tab")
        assert page.evaluate("window.zqhit === undefined"), path
    assert not watch.dialogs


class HostileModel:
    """A model that puts hostile strings wherever its answer has a text."""

    def __init__(self, strings: Iterable[str]) -> None:
        self.strings = itertools.cycle(strings)

    def __call__(self, body: dict[str, Any]) -> Said:
        system = " ".join(part["text"] for part in body["system"])
        if "Your role: the hypothesis sharpener" in system:
            fields = ("change", "because", "metric", "size", "audience", "falsifier", "north_star")
            return self._said({field: next(self.strings) for field in fields})
        if "Your role: the variant generator" in system:
            names = re.findall(r'"([a-z_-]+)"', str(body["messages"][-1]["content"]))
            return self._said({"variants": [self._variant(name) for name in dict.fromkeys(names[:3])]})
        if "Your role: the claim checker" in system:
            return self._said({"added": [{"field": "title", "quote": next(self.strings), "kind": "statistic"}]})
        if "Your role: the narrator" in system:
            return self._said({part: [next(self.strings)] for part in ("finding", "exploratory", "next")})
        statements = [next(self.strings), f"The verdict is {{verdict.phrase}} {next(self.strings)}"]
        return self._said({"statements": statements})

    def _variant(self, mechanism: str) -> dict[str, Any]:
        fields = [{"name": name, "text": next(self.strings)} for name in ("title", "body")]
        return {"mechanism": mechanism, "fields": fields, "facts": []}

    def _said(self, answer: dict[str, Any]) -> Said:
        return Said(text=json.dumps(answer))


@pytest.mark.parametrize("rounds", [1, pytest.param(25, marks=pytest.mark.torture)])
def test_hostile_answers_of_a_model_are_inert(serving, browsing, watch, rounds):
    """Its draft, its variants, its streamed sentences, its prose: text in the browser, and what templates wrote."""
    web = serving(script=HostileModel(hostile_strings(WHOLE, seed=43)))
    page = browsing(web)
    for number in range(rounds):
        page.goto(f"{web.base}/")
        page.get_by_label("What would you change").fill(f"A short form should bring more orders, round {number}.")
        page.get_by_role("button", name="Sharpen it").click()
        page.wait_for_url(re.compile("/e/"))
        page.locator("#gate, .unanswered, .turn.by-code").first.wait_for(timeout=60_000)
        page.locator("#say textarea").fill("Did it win?")
        page.get_by_role("button", name="Send").click()
        page.locator(".at-work").wait_for(state="detached", timeout=60_000)
        assert page.evaluate("window.zqhit === undefined")
    with web.enter() as visitor:
        given = {"change": "A short form", "audience": "Everybody", "because": "They said so", "channel": "push"}
        drafted = visitor.submit("/brief", "/brief", "Have it drafted", id="hostile", k="2", **given)
        assert drafted.status_code in {200, 422}, drafted.text[-500:]
        known = Vocabulary(visitor.get("/").text)
        pages = {**crawl(visitor, "/", most=30 * rounds), "drafted": drafted.text}
        assert not {path: wrong for path, html in pages.items() if (wrong := known.faults(html))}
    assert len(web.model.usable) > rounds
    assert not watch.dialogs
