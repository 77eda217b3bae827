"""One canonical form and one digest for everything that is frozen, chained or compared."""

from __future__ import annotations

import hashlib
import json
from typing import Any

__all__ = ["canonical", "digest"]


def canonical(data: Any) -> str:
    """JSON with sorted keys, no spaces, no NaN: the same data always gives the same text."""
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(data: Any) -> str:
    """SHA-256 (64 hex digits) of the canonical form."""
    return hashlib.sha256(canonical(data).encode()).hexdigest()
