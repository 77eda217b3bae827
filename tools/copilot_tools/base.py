"""The one base of every result and every description: frozen, closed, JSON both ways."""

from __future__ import annotations

import math
from typing import Annotated, Any

from pydantic import AfterValidator, AllowInfNan, BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

__all__ = ["Bound", "Frozen", "Label", "Named", "said"]

Label = Annotated[str, Field(min_length=1, max_length=200)]
"""What something is called by the people who gave it: an arm, a metric, a stratum."""


class Frozen(BaseModel):
    """An immutable record that refuses unknown keys, NaN and infinity."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON data; ``type(self).model_validate`` reads it back unchanged."""
        return self.model_dump(mode="json")


class Named(Frozen):
    """A record that is told apart by its name."""

    name: Label


def said(data: dict[str, Any], *names: str) -> dict[str, Any]:
    """``data`` without those of these fields that say nothing (None, "", False, empty).

    For fields that came later: what does not use them keeps the JSON, and so the digest, that it always had.
    """
    return {name: value for name, value in data.items() if value or name not in names}


def _read(value: object) -> object:
    return {"-inf": -math.inf, "inf": math.inf}.get(value, value) if isinstance(value, str) else value


def _not_nan(value: float) -> float:
    if math.isnan(value):
        raise ValueError("an interval's end must be a number or an infinity, not NaN")
    return value


def _write(value: float) -> float | str:
    return ("inf" if value > 0 else "-inf") if math.isinf(value) else value


Bound = Annotated[
    float,
    AllowInfNan(True),
    BeforeValidator(_read),
    AfterValidator(_not_nan),
    PlainSerializer(_write, return_type=float | str, when_used="json"),
]
"""An end of an interval: a number, or an infinity for an open end (``"-inf"``, ``"inf"`` in JSON)."""
