"""What tests read out of a readout's documents."""

from __future__ import annotations

import html
import re
from html.parser import HTMLParser

from copilot_tools.refusals import Refusal
from copilot_tools.stats import formats

VOID = {"meta", "br", "hr", "img", "link", "input", "circle", "line", "rect", "path"}


class Document(HTMLParser):
    """Tags, attributes, balance and text (drawings apart) of an HTML document."""

    def __init__(self, source):
        super().__init__(convert_charrefs=True)
        self.tags = []
        self.text = []
        self.drawn_words = []
        self.unbalanced = []
        self._open = []
        self.feed(source)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self._open or self._open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data):
        if "svg" in self._open:
            self.drawn_words.append((self._open[-1], data))
        elif "style" not in self._open:
            self.text.append(data)

    @property
    def balanced(self):
        return not self.unbalanced and not self._open

    def all(self, tag):
        return [attrs for name, attrs in self.tags if name == tag]


def numbers(text):
    """Every number, with its sign."""
    return set(re.findall(r"[+−]?\d[\d,]*(?:\.\d+)?", text))


def unescaped(markdown):
    """Markdown as it reads."""
    return html.unescape(re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", markdown))


def outcome_words(readout):
    """Every effect, interval and level of the reading as people read them: what a closed look may not show."""
    look = readout.look
    words = set()
    for c in (*look.reading.comparisons, *look.reading.cuts):
        metric = look.spec.metric(c.metric)
        words |= {formats.level(metric, c.control.value), formats.level(metric, c.treatment.value)}
        for effect in (c.absolute, c.relative) if c.slice.whole else (c.effect(look.spec.minimum_effect.scale),):
            if not isinstance(effect, Refusal):
                words |= {formats.effect(metric, effect), formats.interval(metric, effect.interval, effect.scale)}
    for g in look.reading.guardrails:
        if not isinstance(g.effect, Refusal):
            words.add(formats.effect(look.spec.metric(g.metric), g.effect))
    return words
