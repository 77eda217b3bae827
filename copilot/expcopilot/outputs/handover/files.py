"""The files of a hand-over, by form: all are made and on the disk before the first has its name, and each is whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from copilot_tools.refusals import Refused
from expcopilot.memory.whole_file import staged as staged_file
from expcopilot.outputs.handover.braze import to_catalog, to_content_blocks
from expcopilot.outputs.handover.flagd import to_flagd
from expcopilot.outputs.handover.growthbook import to_growthbook
from expcopilot.outputs.handover.handover import Handover
from expcopilot.outputs.handover.people import to_csv

__all__ = ["FORMS", "Form", "Staged", "files", "staged", "write"]

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


@dataclass(frozen=True)
class Staged:
    """Files that are written and have no name yet.

    Attributes:
        digests: File name -> SHA-256 of its bytes.
        publish: Gives each its name, in place of what had it, and returns their paths.
    """

    digests: Mapping[str, str]
    publish: Callable[[], tuple[Path, ...]]


@contextmanager
def staged(handover: Handover, form: Form, folder: Path) -> Iterator[Staged]:
    """The files of a form, on the disk in ``folder`` but without their names: for what must be on record before.

    Args:
        handover: What is handed over.
        form: For whom.
        folder: Where; made where it does not exist.

    Raises:
        Refused: As ``files``; or the folder cannot be made or written to.
    """
    made = files(handover, form)
    with _explained(folder), ExitStack() as stack:
        folder.mkdir(parents=True, exist_ok=True)
        takes = [stack.enter_context(staged_file(folder / name, text)) for name, text in made.items()]
        digests = {name: hashlib.sha256(text.encode()).hexdigest() for name, text in made.items()}
        yield Staged(digests, lambda: tuple(take(True) for take in takes))


def write(handover: Handover, form: Form, folder: Path) -> tuple[Path, ...]:
    """Write the files of a form into ``folder``, which is made where it does not exist, and return their paths.

    Raises:
        Refused: As ``files``; or the folder cannot be made or written to.
    """
    with staged(handover, form, folder) as made:
        return made.publish()


@contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise Refused.because(
            "handover.cannot_write",
            f"The hand-over cannot be written into {folder}: {error.strerror or error}.",
            "Name a folder that you may write to.",
            name="folder",
            value=str(folder),
        ) from error
