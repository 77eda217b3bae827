"""Write docs/graph.md: the picture of the lifecycle, drawn from the compiled graph itself; no network."""

from __future__ import annotations

import sys
from pathlib import Path

from expcopilot.flow.graph import build
from expcopilot.flow.moves import by_stage
from expcopilot.flow.steps.propose import STEPS

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "graph.md"

_TEXT = """\
# The lifecycle

Made by `make docs` from the graph as it is compiled, so it can say nothing else than what runs.

One run of the graph is one turn. The move's step works, and its entries are appended to the ledger. Where a person has
to decide, the run stops at `gate`, an interrupt that holds exactly what would be approved; `settle` records the answer
and what follows from it. A checkpoint holds the experiment's name, the turn and the digest of what waits: whoever loses
it loses no experiment.

```mermaid
PICTURE
```

## Moves by stage

What is legal is known by the flow, not by a model. While something waits for a decision, only `decide` and `ask` are.

| stage | moves |
| --- | --- |
STAGES

`plan`, `readout` and `ask` append what they make without a gate, so they are verbs of `Copilot` and no steps of the
graph.

## Deploying it

`langgraph.json` names a factory for the LangGraph CLI and server (separate products under their own licence; nothing
here needs them). `EXPCOPILOT_WORKSPACE` says which workspace it serves. A run's input is a turn, and a gate is resumed
under its interrupt's id:

```json
{"experiment": "checkout", "turn": "t1", "move": "sharpen", "input": {"idea": "A shorter form should sell more"}}
{"digest": "the digest of what was shown", "action": "approve", "reason": ""}
```

Everybody who reaches the server acts as the person named in the workspace's settings, and `analyze` opens files of the
server's machine: put it behind a login of your own.
"""


def written() -> str:
    """The whole page as text."""
    picture = build(STEPS).compile().get_graph().draw_mermaid().strip()
    stages = "\n".join(f"| {stage} | {', '.join(moves)} |" for stage, moves in by_stage().items())
    return _TEXT.replace("PICTURE", picture).replace("STAGES", stages)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(written(), encoding="utf-8")
    sys.stdout.write("docs/graph.md written\n")
