"""The file of weights: what training found, as whole numbers, so that every machine reads the same scores.

One line of JSON, then numbers: the names of features as CRC-32, in order, and a row of small integers for each. Two
tables: ``whole``, one column, for a sentence as a whole; ``items``, a column a kind of claim, for each word of it. The
line says how many rows there are, what a unit is worth, the thresholds and the digest of the numbers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from copilot_tools.refusals import Refused
from copilot_tools.wording.claims.marks import CLAIM_KINDS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Bounds", "Header", "Table", "Weights", "packed", "shipped", "unpacked"]

FORMAT: Literal["expcopilot claim weights 2"] = "expcopilot claim weights 2"


class _Closed(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bounds(_Closed):
    """From which score on a sentence is what; in units of the tables.

    Attributes:
        claim: A sentence with this score or more holds a claim.
        unclassified: With this or more, but less than ``claim``, a person must read it.
        found: With this or more a person must read it if a rule found something in it.
        item: In a sentence with a claim, a word with this score or more for a kind belongs to a claim of it.
    """

    claim: int
    unclassified: int
    found: int
    item: int


class Header(_Closed):
    """The first line of the file.

    Attributes:
        format: Which format this is.
        kinds: The columns of ``items``.
        whole: Rows of that table.
        items: Rows of that table.
        whole_base: What every sentence begins with.
        items_base: What every word begins with, by kind.
        share: How much of the best word's score counts for the sentence: so many sixteenths.
        bounds: By language: "en", and "other" for the rest.
        certain: Rules that are believed whatever the score: hardly any of their finds lay in a clean line.
        data: SHA-256 of the labelled lines it was trained on.
        digest: SHA-256 of the numbers.
    """

    format: Literal["expcopilot claim weights 2"] = FORMAT
    kinds: tuple[str, ...]
    whole: int = Field(ge=0)
    items: int = Field(ge=0)
    whole_base: int
    items_base: tuple[int, ...]
    share: int = Field(ge=0, le=16)
    bounds: dict[Literal["en", "other"], Bounds]
    certain: tuple[str, ...]
    data: str
    digest: str


Table = Mapping[int, int]
"""From a feature's CRC-32 to its row."""


@dataclass(frozen=True)
class Weights:
    """A file of weights, read.

    Attributes:
        header: Its first line.
        whole: Weight of each feature of a sentence, by its CRC-32.
        rows: Row of each feature of a word, by its CRC-32.
        items: The rows: a column a kind; one more row at the end, of zeros.
    """

    header: Header
    whole: Mapping[int, int]
    rows: Table
    items: NDArray[np.int32]


def packed(header: Header, whole: Mapping[int, int], items: Mapping[int, tuple[int, ...]]) -> bytes:
    """The file of these weights; ``header``'s counts and digest are filled in."""
    import numpy as np  # noqa: PLC0415  # the package stays light to import

    numbers = b"".join((
        np.array(sorted(whole), "<u4").tobytes(),
        np.array([whole[key] for key in sorted(whole)], "<i1").tobytes(),
        np.array(sorted(items), "<u4").tobytes(),
        np.array([items[key] for key in sorted(items)], "<i1").tobytes(),
    ))  # fmt: skip
    filled = header.model_copy(
        update={"whole": len(whole), "items": len(items), "digest": hashlib.sha256(numbers).hexdigest()}
    )
    line = json.dumps(filled.model_dump(mode="json"), sort_keys=True, separators=(",", ":"))
    return line.encode("ascii") + b"\n" + numbers


def unpacked(content: bytes, name: str = "weights.bin") -> Weights:
    """Read a file of weights.

    Raises:
        Refused: It is damaged, of another format, or made for other kinds of claim.
    """
    import numpy as np  # noqa: PLC0415  # the package stays light to import

    line, _, numbers = content.partition(b"\n")
    try:
        header = Header.model_validate_json(line)
    except ValidationError as fault:
        first = fault.errors(include_url=False)[0]
        raise _unreadable(name, f"its first line is not a header of this format ({first['msg']})") from None
    if header.kinds != CLAIM_KINDS or len(header.items_base) != len(CLAIM_KINDS) or len(header.bounds) != 2:
        raise _unreadable(name, "it was made for other kinds of claim")
    width = len(CLAIM_KINDS)
    if len(numbers) != 5 * header.whole + (4 + width) * header.items:
        raise _unreadable(name, f"it has {len(numbers)} bytes of numbers where its first line promises others")
    if hashlib.sha256(numbers).hexdigest() != header.digest:
        raise _unreadable(name, "its numbers are not those its first line gives the digest of")
    ends = np.cumsum([0, 4 * header.whole, header.whole, 4 * header.items]).tolist()
    keys = np.frombuffer(numbers, "<u4", header.whole, ends[0]).tolist()
    values = np.frombuffer(numbers, "<i1", header.whole, ends[1]).tolist()
    item_keys = np.frombuffer(numbers, "<u4", header.items, ends[2]).tolist()
    rows = np.zeros((header.items + 1, width), np.int32)
    rows[:-1] = np.frombuffer(numbers, "<i1", header.items * width, ends[3]).reshape(-1, width)
    return Weights(header, dict(zip(keys, values, strict=True)), {k: n for n, k in enumerate(item_keys)}, rows)


@cache
def shipped() -> Weights:
    """The weights in the package.

    Raises:
        Refused: Their file is missing or damaged.
    """
    file = files("copilot_tools.wording.claims.learned").joinpath("weights.bin")
    if not file.is_file():
        raise _unreadable("weights.bin", "it is not there")
    return unpacked(file.read_bytes())


def _unreadable(name: str, fault: str) -> Refused:
    return Refused.because(
        "claims.weights",
        f"The claim scanner's {name} cannot be used: {fault}.",
        "Install the package again, or in a checkout run: make claim-weights.",
        name="weights",
        value=name,
    )
