"""The firewall: statements in, checked prose out. Deny by default: what is not known to be harmless does not pass.

Whatever judges (a number, unit, direction, comparison, verdict) reaches a reader only through a slot that names a fact.
The words between slots come from a closed vocabulary, kept as data under ``vocabulary/``; their places around a slot
are restricted; slots that stand together must belong together.
"""

from __future__ import annotations
