"""Write MAP.md: one line for every file of the product, from the first line of its docstring."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ROOMS = ("copilot/expcopilot", "tools/copilot_tools", "evals", "scripts", "bench")


def first_line(file: Path) -> str:
    """The first sentence of a module's docstring."""
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return text.partition("\n\n")[0].replace("\n", " ")


def written() -> str:
    """The whole map as text."""
    lines = [
        "# Map",
        "",
        "One line for every file, by room. Made by `make map` from the files' own first sentences.",
        "",
    ]
    for room in ROOMS:
        folder = ROOT / room
        files = sorted(folder.rglob("*.py"), key=lambda f: (f.parent.as_posix(), f.name != "__init__.py", f.name))
        last = None
        for file in files:
            place = file.parent.relative_to(ROOT).as_posix()
            if place != last:
                heading = f"## {place}"
                lines += ([""] if last else []) + [heading, ""]
                last = place
                if file.name == "__init__.py":
                    lines += [first_line(file), ""]
                    continue
            if file.name != "__init__.py":
                lines.append(f"- `{file.name}`: {first_line(file)}")
        if files:
            lines.append("")
    return "\n".join(lines).rstrip() + "\n"


if __name__ == "__main__":
    (ROOT / "MAP.md").write_text(written(), encoding="utf-8")
    sys.stdout.write("MAP.md written\n")
