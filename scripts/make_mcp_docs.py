"""Write the table of answer sizes in docs/mcp.md: every tool called in a real session, its longest answer measured."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from mcp_types import ElicitResult

from assisting import APPROVE, CALLS, Assistant, calculator_calls, lab, size
from expcopilot.surfaces.mcp.answers import LIMIT
from expcopilot.surfaces.mcp.room import Place
from expcopilot.surfaces.mcp.server import CopilotServer

PAGE = Path(__file__).resolve().parents[1] / "docs" / "mcp.md"
BEGIN, END = "<!-- sizes: made by make docs -->", "<!-- end of sizes -->"


def measured() -> dict[str, tuple[int, int, bool]]:
    """Tool -> bytes of its longest answer and of a refusal, and whether an answer had to be cut."""
    found: dict[str, tuple[int, int, bool]] = {}
    with tempfile.TemporaryDirectory() as folder:
        server = CopilotServer(Place(lab(Path(folder) / "lab")))
        with Assistant(server, lambda _: ElicitResult(action="accept", content=dict(APPROVE))) as session:
            for name, good, bad, _ in CALLS:
                answer, refusal = session.call(name, **good), session.call(name, **bad)
                found[name] = size(answer), size(refusal), "more" in (answer.structured_content or {})
            for tool, example in calculator_calls():
                answer, refusal = session.call(tool.name, **example), session.call(tool.name, surely_not=1)
                before, _, cut = found.get(tool.name, (0, 0, False))
                longest = max(before, size(answer))
                found[tool.name] = longest, size(refusal), cut or "more" in (answer.structured_content or {})
    return found


def table(sizes: dict[str, tuple[int, int, bool]]) -> str:
    """The table as Markdown."""
    rows = [
        f"| `{name}` | {answer:,}{' (cut)' if cut else ''} | {refusal:,} |"
        for name, (answer, refusal, cut) in sizes.items()
    ]
    largest = max(max(a, r) for a, r, _ in sizes.values())
    head = f"{len(sizes)} tools; the largest answer has {largest:,} bytes of the {LIMIT:,} allowed."
    return "\n".join([head, "", "| tool | longest answer | a refusal |", "| --- | ---: | ---: |", *rows])


def main() -> None:
    """Write it into the page."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{BEGIN}\n{table(measured())}\n{END}{after}", encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")


if __name__ == "__main__":
    main()
