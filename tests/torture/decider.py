"""A process that answers gates as it is told to, and says on standard output what came of it.

Run as: decider.py FOLDER. It reads "see NAME" (look at the gate), then "approve", "reject" or "edit UNITS" (put the
text aside and ask about another), one a line.
"""

from __future__ import annotations

import os
import sys

from copilot_tools.refusals import Refused
from expcopilot.api import Copilot
from expcopilot.flow.graph import Lifecycle, Waiting
from expcopilot.flow.moves import Move
from tests_plan import plan


def say(line: str) -> None:
    """One write call a line."""
    os.write(1, f"{line}\n".encode())


def act(moves: Lifecycle, seen: Waiting, words: list[str]) -> str:
    """Do as told; what came of it in one word."""
    try:
        match words:
            case ["approve"]:
                moves.answer(seen, "approve")
            case ["reject"]:
                moves.answer(seen, "reject")
            case ["edit", units]:
                moves.answer(seen, "edit")
                changed = plan(seen.experiment, units=int(units)).to_json()
                moves.move(seen.experiment, f"edited-{seen.experiment}", Move.REGISTER, {"plan": changed})
    except Refused as refused:
        return refused.refusals[0].code
    return "done"


def main(folder: str) -> None:
    with Copilot.open(folder).workspace as workspace:
        copilot = Copilot(workspace, workspace.ledger)
        with copilot.lifecycle(model=None) as moves:
            say("here")
            seen: Waiting | None = None
            for line in sys.stdin:
                match line.split():
                    case ["see", name]:
                        seen = moves.resume(name)
                        say(f"seen {seen.digest if seen else ''}")
                    case words if seen is not None:
                        say(act(moves, seen, words))


if __name__ == "__main__":
    main(sys.argv[1])
