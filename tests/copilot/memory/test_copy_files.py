"""Files a marketer writes: briefs as text or YAML, variants as CSV, review files; whatever is wrong is named."""

from __future__ import annotations

import pytest

from copilot_tools.refusals import Refused
from expcopilot.flow.batch.review_texts import refuse_if_edited
from expcopilot.memory import brief_files, review_files, variant_files
from writing import BRIEF, CSV, TEXT, brief, variant

FIELDS = ("title", "body")


def codes(refused):
    return [r.code for r in refused.value.refusals]


def test_a_text_brief_is_read_as_people_write_it():
    """Labels on a line, headings over lists, a title over all of it; nothing is lost."""
    made = brief_files.parse_text(BRIEF, stem="spring")
    assert made == brief(k=3, keep_away=("Come back and save",), notes="No exclamation marks.")


def test_the_same_brief_as_yaml_is_the_same_record(tmp_path):
    """YAML names the fields themselves, and today's copy as a mapping."""
    path = tmp_path / "spring.yaml"
    path.write_text(
        "channel: push\nchange: The message names the pause instead of the discount\n"
        "audience: Subscribers who have not ordered for a month\nbecause: Many subscribers only want a break\n"
        "control: {title: 'Come back', body: 'Save now'}\n",
        encoding="utf-8",
    )
    made = brief_files.load(path)
    assert made.id == "spring"
    assert [(f.name, f.text) for f in made.control] == [("title", "Come back"), ("body", "Save now")]


def test_todays_copy_in_a_text_brief_names_its_fields():
    """A control stands as one line a field; a label inside it does not end it."""
    made = brief_files.parse_text(BRIEF + "\n## Control\ntitle: Come back\nbody: Save now\nand here\n", stem="spring")
    assert [(f.name, f.text) for f in made.control] == [("title", "Come back"), ("body", "Save now\nand here")]


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("Buy our things", "brief.unlabelled", "stands under no label"),
        (BRIEF.replace("Audience:", "Audienze:"), "brief.unlabelled", "line 5: 'Audienze: Subs"),
        (BRIEF + "\n## Budgett\n5", "brief.unlabelled", "Budgett"),
        (BRIEF.replace("Channel: push\n", ""), "input.missing", "channel"),
        (BRIEF.replace("Variants: 3", "Variants: 900"), "input", "900"),
        (BRIEF + "\n## Control\njust words\n", "brief.control", "just words"),
    ],
)
def test_what_is_wrong_in_a_brief_is_named(text, code, says):
    """Nothing in a brief is guessed or dropped in silence."""
    with pytest.raises(Refused) as refused:
        brief_files.parse_text(text, stem="spring")
    assert any(c.startswith(code) for c in codes(refused)), codes(refused)
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("slip", "label"),
    [
        ("Becuase:", "Because:"),
        ("Langauge: de", "Language:"),
        ("Keep awya:", "Keep away:"),
        ("**Chanel**: sms", "Channel:"),
    ],
)
def test_a_mistyped_label_is_named_with_its_line_and_the_label_it_may_be(slip, label):
    """It stands under another label, and would be read as that one's words; behind a dash it is text."""
    text = f"Channel: push\nChange: a\nAudience: b\nBecause: c\nNotes: d\n{slip}\n"
    with pytest.raises(Refused) as refused:
        brief_files.parse_text(text, stem="spring")
    assert codes(refused) == ["brief.unlabelled"]
    assert f"line 6: '{slip}'" in str(refused.value)
    assert f"Did you mean `{label}`?" in str(refused.value)
    bare = slip.replace("*", "")
    assert brief_files.parse_text(text.replace(slip, f"- {bare}"), stem="spring").notes == f"d\n- {bare}"


def test_words_before_a_colon_are_no_labels_because_they_have_one():
    """Notes and today's copy hold lines such as `Tone:` and `title:`; none of them is near to a label."""
    text = BRIEF + "Tone: warm\nDo not say: cheap\n\n## Control\ntitle: Come back\nbody: Save: now\n"
    made = brief_files.parse_text(text, stem="spring")
    assert "Tone: warm" in made.notes
    assert [f.name for f in made.control] == ["title", "body"]


def test_a_brief_that_is_no_text_is_refused(tmp_path):
    """Bytes that are no UTF-8, a folder, and a file far too large are refusals, not tracebacks."""
    for name, content in (("a.txt", b"\xff\xfe\x00"), ("b.txt", b"x" * 300_000)):
        (tmp_path / name).write_bytes(content)
        with pytest.raises(Refused):
            brief_files.load(tmp_path / name)
    with pytest.raises(Refused):
        brief_files.load(tmp_path)


def test_variants_survive_a_file_word_for_word(tmp_path):
    """Saved, opened and brought back, each text is the same to the code point."""
    odd = variant("v1", '=1+1 "quoted", {{x}}', "two\nlines – ünd emoji 🎉")
    path = variant_files.save(tmp_path / "edit.csv", [odd], FIELDS)
    (back,) = variant_files.load(path, brief(), FIELDS)
    assert back.digest == odd.digest


def test_variants_separated_by_semicolons_are_read():
    """A spreadsheet's German or French CSV is read by its own separator."""
    made = variant_files.parse(
        CSV.replace(",", ";", 3)
        .replace("own,", "own;")
        .replace('",', '";')
        .replace("v1,", "v1;")
        .replace("v2,", "v2;")
        .replace("v3,", "v3;"),
        brief(),
        FIELDS,
    )
    assert [v.id for v in made] == ["v1", "v2", "v3"]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("id,title\n", "variants.empty"),
        ("id,subject\nv1,x\n", "variants.column"),
        ("id,title,title\nv1,x,y\n", "variants.column"),
        ("id,title\nv1,x\nv1,y\n", "variants.id"),
        ("id,title\nv1,\n", "variants.empty"),
        ("id,title\nv1,a,b\n", "variants.cells"),
        ('id,title\nv1,"a\n', "variants.not_csv"),
        ("id,title\n" + "".join(f"v{n},x{n}\n" for n in range(51)), "variants.many"),
    ],
)
def test_what_is_wrong_in_a_file_of_variants_is_named(text, code):
    """Every fault of a file of variants is a typed refusal."""
    with pytest.raises(Refused) as refused:
        variant_files.parse(text, brief(), FIELDS)
    assert code in codes(refused)


def test_a_review_file_is_read_back_and_empty_rows_are_not_decided():
    """Yes and no in several spellings; an empty answer decides nothing."""
    head = "brief,variant,digest,approve,by,reason,text\n"
    rows = "spring,v1,abcdef123456,YES,Grace,,x\nspring,v2,abcdef123456,nein,,too loud,y\nspring,v3,abcdef123456,,,,z\n"
    found = review_files.parse(head + rows)
    assert [(r.variant, r.action, r.by) for r in found] == [("v1", "approve", "Grace"), ("v2", "reject", "")]
    with pytest.raises(Refused, match="neither yes nor no"):
        review_files.parse(head + "spring,v1,abcdef123456,maybe,,,x\n")
    with pytest.raises(Refused, match="no column"):
        review_files.parse("brief,variant\nspring,v1\n")


def test_a_row_of_a_review_file_is_called_by_its_own_number():
    """Its cell `row` says it, wherever the row stands by now; without one, or with words in it, its place does."""
    head, row = "row,brief,variant,digest,approve,by,reason\n", "{},spring,v{},abcdef123456,{},G,\n"
    found = review_files.parse(head + row.format(12, 1, "yes") + row.format(3, 2, "no") + row.format("?", 3, "no"))
    assert [r.number for r in found] == [12, 3, 3]
    with pytest.raises(Refused, match="row 12: 'maybe'"):
        review_files.parse(head + row.format(12, 1, "maybe"))
    with pytest.raises(Refused, match="two rows 12: v1"):
        review_files.parse(head + row.format(12, 1, "yes") + row.format(12, 1, "no"))


def test_a_review_file_that_contradicts_itself_is_refused():
    """A column that stands there twice, and a yes beside a no for one variant, decide nothing; repeats of one do."""
    row = "spring,v1,abcdef123456,{},Grace,\n"
    with pytest.raises(Refused) as refused:
        review_files.parse("brief,variant,digest,approve,by,reason,Approve\nspring,v1,abcdef123456,no,G,,yes\n")
    assert codes(refused) == ["review.columns"]
    head = "brief,variant,digest,approve,by,reason\n"
    with pytest.raises(Refused, match="rows 1 and 2") as refused:
        review_files.parse(head + row.format("yes") + row.format("no"))
    assert codes(refused) == ["review.contradiction"]
    assert len(review_files.parse(head + row.format("yes") * 2)) == 2
    assert (
        len(review_files.parse("brief,variant,digest,approve,by,reason,,\n" + "spring,v1,abcdef123456,x,G,,,\n")) == 1
    )


def test_an_emptied_text_in_a_review_file_is_an_edit():
    """Whoever empties the cell of a text has edited it: the row does not approve what was drafted."""
    head = "brief,variant,digest,approve,by,reason,text.title,text.body,text.subject\n"
    text = "spring,v1,abcdef123456,yes,Grace,,{},{},\n"
    (kept,) = review_files.parse(head + text.format("Take a break", TEXT["v1"][1]))
    refuse_if_edited(variant("v1"), kept)
    for title, body in (("", TEXT["v1"][1]), ("", "")):
        (row,) = review_files.parse(head + text.format(title, body))
        with pytest.raises(Refused, match="title of v1 was edited"):
            refuse_if_edited(variant("v1"), row)
