"""Braze files: rendered by a real Liquid, parsed as HTML and CSV, within Braze's limits."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser

import pytest
from liquid import Environment

from copilot.outputs.handover.handover_samples import ATTACKS, hostile, ordinary, variant
from copilot_tools.refusals import Refused
from copilot_tools.wording.channels import channels
from expcopilot.outputs.handover.braze import block_name, to_catalog, to_content_blocks
from expcopilot.outputs.handover.markup import FORMULA, format_of

NAME = re.compile(r"[A-Za-z0-9_-]+")


class Reader(HTMLParser):
    """What a reader of the HTML sees, and every tag in it."""

    def __init__(self, html):
        super().__init__(convert_charrefs=True)
        self.tags, self.text = [], ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, attrs))

    def handle_endtag(self, tag):
        self.tags.append((f"/{tag}", []))

    def handle_data(self, data):
        self.text += data


def rendered(template):
    """What Liquid makes of it; a name that ran would show as LEAKED."""
    leaked = {"secret": "LEAKED", "content_blocks": {"other": "LEAKED"}}
    return Environment().from_string(template).render(**leaked)


def catalog(handover):
    rows = list(csv.DictReader(io.StringIO(to_catalog(handover), newline=""), strict=True))
    return {row["id"]: row for row in rows}


@pytest.mark.parametrize("channel", ["email", "sms", "push", "in_app"])
def test_hostile_text_comes_out_of_a_content_block_as_text(channel):
    """Liquid prints exactly the text: as plain text, or as HTML that shows it and has no tag but br."""
    blocks = {block["name"]: block for block in json.loads(to_content_blocks(hostile(channel)))}
    for i, attack in enumerate(ATTACKS):
        for field in ("subject", "body"):
            block = blocks[block_name(hostile(channel), f"v{i}", field)]
            shown = rendered(block["content"])
            plain = channel in ("sms", "push") or (channel, field) == ("email", "subject")
            assert block["description"].split(": ")[1].startswith("plain" if plain else "html")
            if plain:
                assert shown == attack
            else:
                assert shown == block["content"], "HTML holds no Liquid at all"
                assert Reader(shown).text == attack
                assert {tag for tag, _ in Reader(shown).tags} <= {"br"}


def test_hostile_text_comes_out_of_a_catalog_as_text():
    """A cell shows its text under :rerender, and runs nothing without it: Liquid in a value is printed, not run."""
    rows = catalog(hostile())
    for i, attack in enumerate(ATTACKS):
        row = rows[f"v{i}"]
        assert rendered(row["subject"]) == attack
        assert Reader(rendered(row["body"])).text == attack
        assert rendered(row["mechanism"]) == attack
        once = Environment().from_string("{{ items[0].subject }}").render(items=[row])
        assert once == row["subject"]


def test_no_cell_of_a_catalog_begins_a_formula():
    """Whoever opens the file in a spreadsheet runs nothing; the header and the ids are names."""
    content = to_catalog(hostile())
    for row in csv.reader(io.StringIO(content, newline=""), strict=True):
        for cell in row:
            assert not cell.lstrip().startswith(tuple(FORMULA)), cell
        assert NAME.fullmatch(row[0])
    assert all(NAME.fullmatch(name) for name in catalog(hostile())["v0"])


def test_ordinary_copy_stands_in_the_files_word_for_word():
    """Without special characters nothing is rewritten, control is an item of the catalog, and no block."""
    handover = ordinary()
    blocks = json.loads(to_content_blocks(handover))
    assert [b["name"] for b in blocks] == ["spring_v1_subject", "spring_v1_body", "spring_v2_subject", "spring_v2_body"]
    assert [b["content"] for b in blocks] == [f.text for v in handover.variants for f in v.fields]
    assert {b["state"] for b in blocks} == {"active"}
    rows = catalog(handover)
    assert list(rows) == ["control", "v1", "v2"]
    assert rows["control"]["subject"] == "Don't go"
    assert rows["v1"]["digest"] == handover.variants[0].digest
    assert list(catalog(ordinary(control=()))) == ["v1", "v2"]


def test_names_and_descriptions_keep_to_brazes_rules():
    """Whatever experiment, variant and field are called: letters, digits, hyphens, underscores; below the limits."""
    long = ordinary(
        experiment="Größe & Preis: " + "sehr " * 20,
        variants=(variant("ünï " * 25, **{"Überschrift " * 12: "a", "id": "b"}), variant("v2", body="c")),
    )
    blocks = json.loads(to_content_blocks(long))
    assert len({b["name"] for b in blocks}) == len(blocks) == 3
    for block in blocks:
        assert NAME.fullmatch(block["name"])
        assert len(block["name"]) < 100
        assert len(block["description"]) < 250
        assert set(block) == {"name", "description", "content", "state", "tags"}
    rows = list(csv.reader(io.StringIO(to_catalog(long), newline="")))
    assert rows[0][0] == "id"
    assert len(set(rows[0])) == len(rows[0])
    assert all(NAME.fullmatch(cell) and len(cell) <= 250 for cell in (*rows[0], *(row[0] for row in rows)))


def test_names_that_differ_only_in_what_braze_cannot_hold_stay_apart():
    """Two experiments, two variants and two fields do not fall together when their names are made fit."""
    assert ordinary(experiment="größe").key != ordinary(experiment="gräße").key
    two = ordinary(variants=(variant("a b", subject="1"), variant("a-b", subject="2"), variant("a/b", subject="3")))
    assert len({b["name"] for b in json.loads(to_content_blocks(two))}) == 3


def test_a_text_longer_than_braze_takes_is_refused_by_place():
    """5,000 characters a value of a catalog, counted as written, and 50,000 bytes a block: refused, naming each."""
    exact = ordinary(variants=(variant("v1", body="a" * 5000),), control=())
    assert len(catalog(exact)["v1"]["body"]) == 5000
    with pytest.raises(Refused, match=r"v1, body: .* has 5,004 characters as written"):
        to_catalog(ordinary(variants=(variant("v1", body="a" * 4998 + "{"),), control=()))
    with pytest.raises(Refused, match="spring_v1_body has 50,001 bytes"):
        to_content_blocks(ordinary(variants=(variant("v1", body="a" * 50_001),)))


def test_every_field_of_every_channel_is_written_for_where_it_is_read():
    """Text messages, push, search ads and a mail's subject are plain text; all other fields are HTML."""
    forms = {(c.name, f.name): format_of(c.name, f.name) for c in channels() for f in c.fields}
    plain = {where for where, form in forms.items() if form == "plain"}
    assert {channel for channel, _ in plain} == {"sms", "push", "search_ads", "email"}
    assert [field for channel, field in plain if channel == "email"] == ["subject"]
    assert all(where in plain for where in forms if where[0] in {"sms", "push", "search_ads"})
    assert [format_of(*w) for w in (("E-mail", "subject"), ("SMS", "body"))] == ["plain", "plain"]
    assert format_of("carrier pigeon", "body") == "html"
