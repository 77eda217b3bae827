"""What a request tells the two roles that write and check copy, read as a model would: by what stands in it."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from flattery.scripts import texts_of

__all__ = ["draw", "lines_in", "mended", "records_in", "role_of", "word_in"]

Body = Mapping[str, Any]


def role_of(body: Body) -> str:
    """Who is asked: "generator" or "checker"; "" for any other."""
    system = " ".join(part["text"] for part in body["system"])
    if "Your role: the variant generator" in system:
        return "generator"
    return "checker" if "Your role: the claim checker" in system else ""


def lines_in(body: Body, name: str) -> list[str]:
    """What stands between the fences of that name, a line each; the last such part counts."""
    found = re.findall(rf'<{name} fence="[^"]*">\n(.*?)\n</{name} fence', "\n".join(texts_of(body)), re.DOTALL)
    return [line for line in found[-1].splitlines() if line.strip() and line != "(none)"] if found else []


def records_in(body: Body, name: str) -> list[Any]:
    """The same where each line is JSON."""
    return [json.loads(line) for line in lines_in(body, name) if line[:1] in '{["']


def word_in(body: Body, label: str) -> str:
    """The word after a label: ``Language: en``."""
    found = re.search(rf"^{label}:? (\S+)", "\n".join(texts_of(body)), re.MULTILINE)
    return found[1] if found else ""


def mended(body: Body) -> bool:
    """Whether the last answer was sent back."""
    return "That answer cannot be used as it is" in "\n".join(texts_of(body))


def draw(body: Body, of: int) -> int:
    """A number below ``of`` that hangs on the request alone, and not on its being sent back."""
    told = next(iter(texts_of(body)), "")
    return int(hashlib.sha256(re.sub(r'fence="[^"]*"', "", told).encode()).hexdigest(), 16) % of
