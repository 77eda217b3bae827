"""What a flag platform serves for an arm: its name, its text both ways, and where it is from. Shared by exporters."""

from __future__ import annotations

from typing import Any

from expcopilot.outputs.handover.handover import Arm
from expcopilot.outputs.handover.markup import as_html

__all__ = ["value_of"]


def value_of(arm: Arm) -> dict[str, Any]:
    """The value of a flag for one arm, as JSON data.

    ``text`` is exactly what was approved, for whatever shows text; ``html`` is the same for whoever puts it into
    markup. Both are empty for a control whose copy the application holds.
    """
    return {
        "arm": arm.name,
        "text": dict(arm.text),
        "html": {name: as_html(text) for name, text in arm.text.items()},
        "digest": arm.variant.digest if arm.variant else "",
        "model": arm.variant.model if arm.variant else "",
    }
