"""A copywriter on the loopback server: as many variants as asked for, in the channel's fields, far apart."""

from __future__ import annotations

import hashlib
import json
import random
import re
from typing import Any

from loopback.replies import Said

__all__ = ["copywriter"]

_WORDS = (  # noqa: SIM905 - words read better as words
    "morning garden letter window paper river kettle ladder button corner marble engine basket candle pocket "
    "thread harbour blanket pencil meadow lantern bicycle orchard umbrella saddle pebble whistle chimney velvet "
    "compass cushion drawer feather gravel hammock island jacket kitchen lemon mirror needle ocean parcel quilt "
    "ribbon saucer tunnel violin wagon yellow zipper anchor bridge cotton desert ember forest glove hollow ivory"
).split()


def copywriter(body: dict[str, Any]) -> Said:
    """Variants that fit the request and are drawn from it: the same request always gets the same ones."""
    user = "".join(block.get("text", "") for turn in body["messages"] for block in turn["content"])
    fields = [json.loads(line) for line in re.findall(r'^\{"name": .*\}$', user, re.MULTILINE)]
    found = re.search(r"Write (\d+) variant", user)
    k = int(found[1]) if found else 1
    listed = re.search(r"Mechanisms to cover:\s*(?:<[^>]*>)?\s*((?:\"[^\n]*\"\n?)+)", user)
    mechanisms = [json.loads(line) for line in listed[1].split("\n") if line.strip()] if listed else ["clarity"]
    seed = hashlib.sha256(user.encode()).hexdigest()
    variants = []
    for number in range(k):
        chance = random.Random(f"{seed}/{number}")  # noqa: S311 - drawn again from its seed, not a secret
        texts = [{"name": f["name"], "text": _text(f.get("max_characters") or 60, chance)} for f in fields]
        variants.append({"mechanism": mechanisms[number % len(mechanisms)], "fields": texts, "facts": []})
    return Said(text=json.dumps({"variants": variants}))


def _text(limit: int, chance: random.Random) -> str:
    said, words = "", chance.sample(_WORDS, 12)
    for word in words:
        longer = f"{said} {word}".strip()
        if len(longer) > min(limit, 48):
            break
        said = longer
    return (said or words[0][:limit]).capitalize()
