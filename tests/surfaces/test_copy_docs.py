"""docs/copy.md and docs/batch.md name every column, label and channel there is, and none that is not."""

from __future__ import annotations

import re
import tomllib
from importlib.resources import files
from pathlib import Path

from copilot_tools.wording.channels import channel
from expcopilot.flow.batch.rows_in import COLUMNS
from expcopilot.flow.batch.table import out_columns

DOCS = Path(__file__).parents[2] / "docs"


def first_cells(page: str, heading: str) -> set[str]:
    """What stands in code in the first column of the first table under a heading."""
    text = (DOCS / page).read_text(encoding="utf-8").partition(f"{heading}\n")[2].partition("\n## ")[0]
    table = re.search(r"(?:^\|.*\n)+", text, re.MULTILINE)
    assert table, heading
    return {name for row in table[0].splitlines() for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


def test_every_column_of_a_file_of_briefs_is_named():
    """The table of docs/batch.md holds the columns the reader knows, and today's copy."""
    assert first_cells("batch.md", "# Many briefs at once") == {*COLUMNS, "control.FIELD"}


def test_every_column_that_comes_out_is_named():
    """The same for the file of variants; the field's own columns stand for all of them."""
    assert first_cells("batch.md", "## What comes out") == {c.name for c in out_columns(["FIELD"])}


def test_every_column_of_a_variants_file_is_named():
    """Its own three, and one for each field of the channel."""
    assert first_cells("copy.md", "## Variants") == {"id", "mechanism", "facts"}


def test_every_channel_is_named_with_its_fields():
    """Each channel, and each of its fields; numbered ones from the first to the last."""
    names = set(tomllib.loads((files("copilot_tools.wording") / "lexicon" / "channels.toml").read_text()))
    assert first_cells("copy.md", "## Channels") == names
    page = (DOCS / "copy.md").read_text(encoding="utf-8")
    for name in names:
        row = next(line for line in page.splitlines() if line.startswith(f"| `{name}` "))
        shown = {re.sub(r"_\d+$", "", field) for field in re.findall(r"`([^`]+)`", row.split("|")[2])}
        assert shown == {re.sub(r"_\d+$", "", f.name) for f in channel(name).fields}
