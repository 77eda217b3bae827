"""``make cache-report``: the journey against the loopback server, and the share of cacheable input, role by role."""

from __future__ import annotations

import datetime as dt
import json
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from local_model.journey import follow_up, settled, travel

from loopback.replies import Said, Script
from loopback.server import Loopback
from prompt_cache.shares import Share, role_of, shares
from speaking import IDEA, canaries, on_the_wire
from tests_plan import plan

__all__ = ["journey", "page"]

PAGE = Path(__file__).resolve().parents[2] / "docs" / "prompt-cache.md"
QUESTIONS = ("Did b win on mobile?", "Why not just stop now?", "What would change the verdict?")
FURTHER = "Fewer fields on the returns form, because people give up on it. Fewer abandoned returns."
MINIMA = (512, 1024, 2048, 4096)
"""Least lengths of a cacheable prefix, in tokens: newer models take the smaller ones; see the provider's page."""
MAIN = 1024
_MEASURED = (
    "Measured at a Messages API server on the loopback interface, on the bodies it received from the real SDK. The "
    "journey: two experiments in one workspace, each from idea to readout, a further idea sharpened twice, four free "
    "questions, two of which cut the data, and one answer of the narrator's that needs its repair turn."
)
_COUNTED = (
    "Counted is what follows each role's first call. A token counts as cacheable if it stands in a prefix (tools, then "
    "system, then messages) that an earlier request of the same role had, block by block, up to a `cache_control` "
    f"mark, and that prefix has at least {MAIN:,} tokens. Tokens are estimated at four characters each; the schema of "
    "the answer, which is the same for every request of a role, is left out."
)
_LAID_OUT = """\
## How a request is laid out

1. Tools, always the same and in the same order (the guide's alone).
2. The rules every role shares, then the role with its examples. Nothing here varies. The first mark stands at its end
   and covers the tools, too.
3. What stays the same from request to request: for skeptic and narrator the glossary; for the guide the glossary, where
   the experiment stands and its facts, which every question about one look shares. The second mark.
4. What is asked this time. In a loop of tools the last block of the last turn carries the third mark, so that each
   round reads the one before from the cache.

What a skeptic, narrator or sharpener is asked carries no mark: each is asked once for each thing it words, writing a
cache costs a quarter more than reading plainly, and that pays only if more than about three answers in ten need their
repair turn.
"""


def journey() -> list[dict[str, Any]]:
    """Every request of two experiments in one workspace, with a repair at the narrator and a cut at the guide."""
    with tempfile.TemporaryDirectory() as folder, Loopback(_script()) as server:
        here = Path(folder)
        workspace = settled(here / "w", name="claude-test", base_url=server.url)
        data = canaries(here)
        travel(workspace, IDEA, plan(), data, QUESTIONS)
        follow_up(workspace, "returns", FURTHER, ("size", "How big a fall would matter?", "2 points"))
        data.with_name("again.csv").write_bytes(_reseeded(here).read_bytes())
        travel(workspace, IDEA, plan("checkout-again"), data.with_name("again.csv"), QUESTIONS[:1])
        return list(server.requests)


def page(bodies: Sequence[Mapping[str, Any]], dated: str) -> str:
    """The report, as Markdown."""
    main = shares(bodies, MAIN)
    table = [f"| {s.role} | {s.calls} | {s.stable:,} | {s.read:,} | {s.cached:,} | {_percent(s)} |" for s in main]
    by_minimum = [
        f"| {minimum:,} | {' | '.join(_percent(share) for share in shares(bodies, minimum))} |" for minimum in MINIMA
    ]
    lines = [
        "# How much of what a model reads is cacheable",
        "",
        f"Written by `make cache-report` on {dated}. Do not edit: run it again.",
        "",
        _MEASURED,
        "",
        _COUNTED,
        "",
        "| role | calls | stable part | read after the first call | cacheable | share |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *table,
        "",
        "The least length of a cacheable prefix depends on the model. The share by that length:",
        "",
        f"| least length | {' | '.join(share.role for share in main)} |",
        f"| ---: | {' | '.join('---:' for _ in main)} |",
        *by_minimum,
        "",
        _LAID_OUT,
    ]
    return "\n".join(lines)


def _script() -> Script:
    """Honest answers; the first narration has a sentence that does not pass, and one question is answered by a cut."""
    honest: Script = on_the_wire(_guide)  # type: ignore[no-untyped-call]
    narrated: list[int] = []

    def script(body: dict[str, Any]) -> Said:
        said = honest(body)
        if role_of(body) == "narrator":
            narrated.append(1)
            if len(narrated) == 1:
                return Said(text=json.dumps({**json.loads(said.text), "next": ["Ship it now."]}))
        return said

    return script


def _guide(body: dict[str, Any]) -> Said:
    asked = body["messages"][0]["content"][-1]["text"].rpartition("<question")[2]
    if "on mobile" in asked and len(body["messages"]) == 1:
        return Said(tools=(("toolu_1", "cut", {"column": "device"}),))
    return Said(text=json.dumps({"statements": ["The verdict is {verdict.phrase}."]}))


def _reseeded(folder: Path) -> Path:
    further = folder / "further"
    further.mkdir()
    return canaries(further, seed=4)


def _percent(share: Share) -> str:
    return "one call" if share.share is None else f"{share.share:.0%}"


def main() -> int:
    """Measure, and write the page."""
    text = page(journey(), dt.datetime.now(tz=dt.UTC).date().isoformat())
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
