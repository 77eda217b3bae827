"""Groups too small to be spoken of: those under k units, and as many others as hide them from a subtraction.

Where one part of a cut is withheld and all others are told, it is the whole less the others, and its few units could be
worked out. So the parts that are withheld must together hold k units in every arm, or none: complementary suppression
(Willenborg & de Waal, 2001, Elements of Statistical Disclosure Control, ch. 6).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping

from copilot_tools.results import Comparison
from expcopilot.records.look import Look

__all__ = ["withheld_parts"]

_Arms = Mapping[str, float]


def withheld_parts(look: Look) -> frozenset[str]:
    """The parts of a look's cuts, as facts name them, of which a model is told nothing.

    Args:
        look: The look; its spec says how many units are enough.
    """
    k = look.spec.min_units
    wholes = _units(look.reading.comparisons)
    cuts: dict[tuple[str, str], list[Comparison]] = defaultdict(list)
    for comparison in look.reading.cuts:
        cuts[comparison.metric, comparison.slice.dimension or ""].append(comparison)
    withheld: set[str] = set()
    for (metric, _), comparisons in cuts.items():
        parts: dict[str, list[Comparison]] = defaultdict(list)
        for comparison in comparisons:
            parts[str(comparison.slice)].append(comparison)
        sizes = {part: _units(of).get(metric, {}) for part, of in parts.items()}
        withheld |= _withheld(sizes, wholes.get(metric, {}), k)
    return frozenset(withheld)


def _units(comparisons: Iterable[Comparison]) -> dict[str, dict[str, float]]:
    """Metric -> arm -> units."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for comparison in comparisons:
        for side in (comparison.control, comparison.treatment):
            found[comparison.metric][side.arm] = side.n
    return found


def _withheld(sizes: Mapping[str, _Arms], whole: _Arms, k: int) -> set[str]:
    told = {part for part, arms in sizes.items() if all(arms.get(arm, 0) >= k for arm in whole)}
    while told:
        rest = [n - sum(sizes[part].get(arm, 0) for part in told) for arm, n in whole.items()]
        if not any(0 < left < k for left in rest):
            break
        told.remove(min(told, key=lambda part: (sum(sizes[part].values()), part)))
    return set(sizes) - told
