"""Checking a chain: rows as stored, in any order of damage, in; named faults out. Knows no storage."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import ValidationError

from expcopilot.memory.ledger import ChainFault, ChainReport
from expcopilot.records.digest import canonical
from expcopilot.records.entry import GENESIS, Entry

__all__ = ["StoredRow", "check", "parse"]


class StoredRow(NamedTuple):
    """One entry as it stands in storage, before anything about it is believed."""

    position: int
    experiment: str
    kind: str
    time: str
    actor: str
    payload: str
    key: str
    previous: str
    digest: str


def parse(row: StoredRow) -> Entry:
    """The entry in a row.

    Raises:
        ValueError: A field is not text, the payload is not canonical JSON, or the row is no entry.
    """
    for name, text in zip(row._fields[1:], row[1:], strict=True):
        if not isinstance(text, str):  # damage can leave a cell empty or of another type
            raise ValueError(f"{name} is no text")  # noqa: TRY004 - one kind of error for one kind of fault
        if not text.isascii() and text.encode(errors="ignore").decode() != text:
            raise ValueError(f"{name} is not valid UTF-8")
    try:
        payload: Any = json.loads(row.payload)
    except json.JSONDecodeError as error:
        raise ValueError(f"the payload is not JSON ({error})") from error
    # A digest is over content; the stored text must be the one way that content is written, or a repeated key or an
    # added blank could hide in it.
    if canonical(payload) != row.payload:
        raise ValueError("the payload is not in canonical form")
    try:
        return Entry.model_validate({**row._asdict(), "payload": payload}, strict=True)
    except ValidationError as error:
        first = error.errors()[0]
        raise ValueError(f"{'.'.join(map(str, first['loc']))}: {first['msg']}") from error


def _content(row: StoredRow) -> Iterator[ChainFault]:
    try:
        entry = parse(row)
    except (ValueError, RecursionError) as error:
        yield ChainFault(
            kind="unreadable", position=row.position, sentence=f"Entry {row.position} cannot be read: {error}."
        )
        return
    if not entry.intact():
        yield ChainFault(
            kind="altered",
            position=row.position,
            sentence=f"Entry {row.position} ({entry.kind}, {entry.experiment or 'workspace'}) was altered: "
            "its content no longer fits its digest.",
        )


def _link(row: StoredRow, position: int, digest: str) -> Iterator[ChainFault]:
    if row.position != position + 1:
        yield ChainFault(
            kind="gap",
            position=row.position,
            sentence=f"Entry {row.position} comes after entry {position}: {_between(position, row.position)} missing.",
        )
    elif row.previous != digest:
        yield ChainFault(
            kind="broken_link",
            position=row.position,
            sentence=f"Entry {row.position} does not follow from what stands before it: it names another digest.",
        )


def _between(before: int, after: int) -> str:
    first, last = before + 1, after - 1
    if first > last:
        return "an entry is"
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"


def check(rows: Iterable[StoredRow], known: Mapping[int, str], *, highest: int = 0) -> ChainReport:
    """Check rows in the order of their positions.

    Args:
        rows: As stored; bytes that are no UTF-8 as surrogates.
        known: Position -> digest kept outside; its beginning is enough.
        highest: The highest position the storage remembers having given out.
    """
    faults: list[ChainFault] = []
    entries, position, digest = 0, 0, GENESIS
    missing = {at for at in known if at > 0}
    for row in rows:
        faults.extend(_link(row, position, digest))
        faults.extend(_content(row))
        if row.position in missing:
            missing.remove(row.position)
            if not row.digest.startswith(known[row.position]):
                faults.append(
                    ChainFault(
                        kind="rewritten",
                        position=row.position,
                        sentence=f"Entry {row.position} has digest {row.digest[:12]}..., but "
                        f"{known[row.position][:12]}... was noted outside the ledger: the chain was written anew.",
                    )
                )
        entries, position, digest = entries + 1, row.position, row.digest
    if position < highest:
        faults.append(
            ChainFault(
                kind="gap",
                position=highest,
                sentence=f"The ledger ends at entry {position}, but has held {highest}: "
                f"{_between(position, highest + 1)} missing.",
            )
        )
    faults.extend(
        ChainFault(
            kind="rewritten",
            position=at,
            sentence=f"Entry {at} was noted outside the ledger, but is not in it any more.",
        )
        for at in sorted(missing)
    )
    return ChainReport(entries=entries, position=position, head=digest, faults=tuple(faults))
