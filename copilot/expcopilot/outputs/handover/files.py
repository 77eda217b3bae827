"""The files of a hand-over, by form; all are made before the first is written, and each is written whole."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from copilot_tools.refusals import Refused
from expcopilot.memory.whole_file import write_whole
from expcopilot.outputs.handover.braze import to_catalog, to_content_blocks
from expcopilot.outputs.handover.flagd import to_flagd
from expcopilot.outputs.handover.growthbook import to_growthbook
from expcopilot.outputs.handover.handover import Handover
from expcopilot.outputs.handover.people import to_csv

__all__ = ["FORMS", "Form", "files", "write"]

Form = Literal["csv", "braze-blocks", "braze-catalog", "growthbook", "flagd"]
"""For whom: people, Braze (Content Blocks or a Catalog), GrowthBook, or flagd (OpenFeature)."""

FORMS: dict[Form, tuple[str, Callable[[Handover], str]]] = {
    "csv": ("{key}.csv", to_csv),
    "braze-blocks": ("{key}.content-blocks.json", to_content_blocks),
    "braze-catalog": ("{key}.catalog.csv", to_catalog),
    "growthbook": ("{key}.growthbook.json", to_growthbook),
    "flagd": ("{key}.flagd.json", to_flagd),
}
"""Each form: the file's name, and what writes it."""


def files(handover: Handover, form: Form) -> dict[str, str]:
    """File name -> text, as UTF-8.

    Raises:
        Refused: The hand-over does not fit together, or not into this form.
    """
    name, made = FORMS[form]
    return {name.format(key=handover.key): made(handover)}


def write(handover: Handover, form: Form, folder: Path) -> tuple[Path, ...]:
    """Write the files of a form into ``folder``, which is made where it does not exist, and return their paths.

    Raises:
        Refused: As ``files``; or the folder cannot be made or written to.
    """
    made = files(handover, form)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return tuple(write_whole(folder / name, text) for name, text in made.items())
    except OSError as error:
        raise Refused.because(
            "handover.cannot_write",
            f"The hand-over cannot be written into {folder}: {error.strerror or error}.",
            "Name a folder that you may write to.",
            name="folder",
            value=str(folder),
        ) from error
