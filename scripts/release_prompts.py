"""Write prompts/RELEASED.json: the digest of every prompt, so that none is edited once it is released.

Run at a release. A prompt that is in the file may never change again: write the next version beside it.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "RELEASED.json"


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of each prompt file's bytes, by path within the folder."""
    files = sorted(folder.glob("*/v*.md.j2"))
    return {file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def released(folder: Path) -> dict[str, str]:
    """Digests of the prompts that were released."""
    found: dict[str, str] = json.loads((folder / NAME).read_text(encoding="utf-8"))
    return found


def broken(folder: Path) -> list[str]:
    """Released prompts that were edited or are gone."""
    now = digests(folder)
    return sorted(path for path, digest in released(folder).items() if now.get(path) != digest)


def release(folder: Path) -> list[str]:
    """Add every prompt not released so far; return their paths.

    Raises:
        SystemExit: A released prompt was edited or is gone; nothing is written.
    """
    if wrong := broken(folder):
        sys.exit(f"released prompts may not change; put them back and write the next version: {', '.join(wrong)}")
    new = {path: digest for path, digest in digests(folder).items() if path not in released(folder)}
    text = json.dumps({**released(folder), **new}, indent=2, sort_keys=True)
    (folder / NAME).write_text(text + "\n", encoding="utf-8")
    return sorted(new)


if __name__ == "__main__":
    for path in release(ROOT / "prompts"):
        sys.stdout.write(f"released {path}\n")
