"""A case of the skeptic: an experiment as a team tells it, and the flaw that was planted in its data, if any."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field, model_validator
from suite.case import Case, read

from skeptic.flaws import FLAWS, Flaw
from skeptic.plants import PLANTS

__all__ = ["SkepticCase", "cases"]


class SkepticCase(Case):
    """Somebody brings an experiment that has a flaw, or none.

    Attributes:
        question: The plan's question.
        arms: How people read the arms, control first.
        metric: How the deciding metric is called.
        plant: What is planted, by its name in ``plants.PLANTS``.
        seed: Of its data.
        flaw: What the case for the null must name, or "" where nothing is planted.
        beside: Flaws of the same weight that come with it and may stand before it.
        private: The flaw is one person's value: no model may hear of it, so only the page can name it.
        cannot: Flaws that this data cannot show: each must be said to be not assessable.
    """

    question: str
    arms: Annotated[tuple[str, ...], Field(min_length=2)]
    metric: str
    plant: str
    seed: int = 0
    flaw: Flaw | None = None
    beside: tuple[Flaw, ...] = ()
    private: bool = False
    cannot: tuple[Flaw, ...] = ()

    @model_validator(mode="after")
    def _known(self) -> SkepticCase:
        if self.plant not in PLANTS:
            raise ValueError(f"there is no plant {self.plant!r}; there are {', '.join(PLANTS)}")
        if unknown := {*self.beside, *self.cannot} - set(FLAWS):
            raise ValueError(f"no flaws: {', '.join(sorted(unknown))}")
        return self


def cases() -> tuple[SkepticCase, ...]:
    """All of them."""
    return read(Path(__file__).with_name("cases.yaml"), SkepticCase)
