"""Variants written by people: a CSV file with one row a variant and one column a field of the channel.

Columns: ``id`` (else v1, v2, ... in order), ``mechanism``, ``facts`` (ids, separated by ``;``), and one for each field.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from copilot_tools.refusals import Refusal, Refused, refuse_if_any
from expcopilot.memory.small_file import read_small
from expcopilot.memory.spreadsheet import guarded, unguarded
from expcopilot.memory.whole_file import write_out
from expcopilot.records.copy import Brief, FieldText, Variant

__all__ = ["load", "parse", "save", "written"]

_OWN = ("id", "mechanism", "facts")
_LARGEST = 5_000_000
_MOST = 50
"""Variants of one brief, as in ``Brief.k``; more are no test, and go through a batch."""


def load(path: Path, brief: Brief, fields: Sequence[str]) -> tuple[Variant, ...]:
    """Read variants a person wrote.

    Args:
        path: A CSV file: UTF-8, separated by commas, semicolons or tabs.
        brief: Whose variants they are.
        fields: The channel's fields, in order.

    Raises:
        Refused: ``variants.unreadable``, ``variants.too_large``, or everything wrong in it together.
    """
    text = read_small(
        path,
        kind="variants",
        called="The file of variants",
        most_bytes=_LARGEST,
        unreadable="Save them as CSV in UTF-8, and make sure you may read the file.",
        too_large="Take many briefs through a batch: `expcopilot variants --in BRIEFS`.",
    )
    return parse(text, brief, fields, name=path.name)


def parse(text: str, brief: Brief, fields: Sequence[str], *, name: str = "variants") -> tuple[Variant, ...]:
    """Variants from the text of a CSV file; see ``load``."""
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    try:
        reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        columns = [(c or "").strip().lower() for c in reader.fieldnames or ()]
        rows = list(reader)
    except csv.Error as error:
        raise Refused.because(
            "variants.not_csv",
            f"{name} cannot be read as CSV: {error}.",
            "Check the quotation marks; each cell that holds one, or a separator, stands in quotes.",
            name="variants",
        ) from None
    refuse_if_any(_header_problems(columns, fields, name, empty=not rows))
    made: list[Variant] = []
    problems: list[Refusal] = []
    for number, row in enumerate(rows, 2):
        given = {k.strip().lower(): unguarded(v or "") for k, v in row.items() if k is not None}
        if None in row:
            problems.append(_problem("variants.cells", f"{name}, row {number}: it has more cells than the header."))
            continue
        made.append(_variant(given, brief, fields, number - 1))
    refuse_if_any((*problems, *_row_problems(made, fields, name)))
    return tuple(made)


def save(path: Path, variants: Iterable[Variant], fields: Sequence[str]) -> Path:
    """Write variants as the CSV file that ``load`` reads back word for word, for editing; a spreadsheet runs nothing.

    Raises:
        Refused: The file cannot be written.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow([*_OWN, *fields])
    for variant in variants:
        texts = {f.name: f.text for f in variant.fields}
        writer.writerow(
            map(
                guarded,
                (variant.id, variant.mechanism, "; ".join(variant.facts), *(texts.get(name, "") for name in fields)),
            )
        )
    return write_out(path, out.getvalue())


def written(given: Mapping[str, str], brief: Brief, fields: Sequence[str], *, number: int = 1) -> Variant:
    """One variant a person wrote field by field.

    Args:
        given: Column -> text: ``id``, ``mechanism``, ``facts`` and the channel's fields; others are left alone.
        brief: Whose variant it is.
        fields: The channel's fields, in order.
        number: Its place, by which it is called where it has no id.

    Raises:
        Refused: ``variants.empty``: it has no text.
    """
    made = _variant(given, brief, fields, number)
    refuse_if_any(_row_problems([made], fields, "What was written"))
    return made


def _variant(given: Mapping[str, str], brief: Brief, fields: Sequence[str], number: int) -> Variant:
    return Variant(
        id=given.get("id", "").strip() or f"v{number}",
        brief=brief.id,
        channel=brief.channel,
        mechanism=given.get("mechanism", "").strip() or "own",
        fields=tuple(FieldText(name=name, text=given.get(name, "")) for name in fields if given.get(name, "").strip()),
        facts=tuple(fact.strip() for fact in given.get("facts", "").replace(",", ";").split(";") if fact.strip()),
        author="person",
        language=brief.language,
    )


def _header_problems(columns: list[str], fields: Sequence[str], name: str, *, empty: bool) -> Iterator[Refusal]:
    if empty:
        yield _problem("variants.empty", f"{name} holds no variant.", f"Columns: {', '.join((*_OWN, *fields))}.")
        return
    for column in columns:
        if column not in (*_OWN, *fields):
            yield _problem(
                "variants.column",
                f"{name}: the channel has no field {column!r}.",
                f"Its fields: {', '.join(fields)}; beside them stand {', '.join(_OWN)}.",
                value=column,
            )
        if columns.count(column) > 1:
            yield _problem("variants.column", f"{name}: the column {column!r} stands there twice.", value=column)
    if not set(columns) & set(fields):
        yield _problem("variants.column", f"{name} has no field of the channel.", f"Its fields: {', '.join(fields)}.")


def _row_problems(made: Sequence[Variant], fields: Sequence[str], name: str) -> Iterator[Refusal]:
    if len(made) > _MOST:
        yield _problem(
            "variants.many", f"{name} holds {len(made)} variants; a brief has at most {_MOST}.", value=len(made)
        )
    seen: set[str] = set()
    for variant in made:
        if variant.id in seen:
            yield _problem("variants.id", f"{name}: two variants are called {variant.id!r}.", value=variant.id)
        seen.add(variant.id)
        if not variant.fields:
            yield _problem(
                "variants.empty", f"{name}: {variant.id} has no text.", f"Fill {', '.join(fields)}.", value=variant.id
            )


def _problem(code: str, reason: str, cure: str = "Mend it and run this again.", *, value: str | int = "") -> Refusal:
    return Refusal(code=code, reason=reason, cure=cure, name="variants", value=value)
