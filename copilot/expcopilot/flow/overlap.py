"""Are two sets of data the same units? Answered from sketches, without a list of units.

A sketch holds the k smallest hashes of the units' names (a bottom-k sketch): one hash in both means one unit in both,
and the share among the k smallest of the union estimates the Jaccard similarity.

References:
    Broder (1997), On the resemblance and containment of documents, SEQUENCES '97.
"""

from __future__ import annotations

from copilot_tools.stats.evidence import SourceInfo

__all__ = ["comparable", "shared_share"]


def comparable(a: SourceInfo, b: SourceInfo) -> bool:
    """Whether two sketches can tell the same units: both are there, and made in the same way.

    A sketch that hashed whole numbers by arithmetic says nothing about an older one, which hashed them by MD5.
    """
    return bool(a.sketch and b.sketch) and a.numbers_hashed == b.numbers_hashed


def shared_share(a: SourceInfo, b: SourceInfo) -> float:
    """Estimated share of the smaller set's units that are also in the other; 1 for the very same data.

    0 where nothing shows that they overlap, also where their sketches do not compare; summary counts have no units, so
    only the same counts overlap.
    """
    if a.digest == b.digest:
        return 1.0
    if not comparable(a, b):
        return 0.0
    # Below the smaller of the two largest kept hashes both sketches are complete, so counts there compare.
    bound = min(a.sketch[-1], b.sketch[-1])
    left = {h for h in a.sketch if h <= bound}
    right = {h for h in b.sketch if h <= bound}
    smaller = min(len(left), len(right))
    return len(left & right) / smaller if smaller else 0.0
