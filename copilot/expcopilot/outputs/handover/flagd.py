"""An OpenFeature flag for flagd: the arms as variants, a fractional split with its own seed, a state that stops it.

flagd hashes with murmur3, so its split is as even as GrowthBook's and another one: use one of them for an experiment.
Units outside the coverage and units without a targeting key are served control. The kill switch is ``state``: DISABLED
makes every SDK serve the default that stands in the application's code, which should be its present copy; removing
``targeting`` instead serves control from this file.

References:
    flagd, Flag Definitions and Fractional Operation (flagd.dev/reference/flag-definitions, .../custom-operations).
"""

from __future__ import annotations

from typing import Any

from copilot_tools.refusals import Refused
from expcopilot.outputs.handover.flags import value_of
from expcopilot.outputs.handover.handover import CONTROL, Handover
from expcopilot.outputs.handover.markup import as_json

__all__ = ["to_flagd"]

_GRAIN = 1_000_000
"""flagd's weights are whole numbers; their sum must stay below 2**31."""
_KEY = "targetingKey"


def to_flagd(handover: Handover) -> str:
    """The flag definitions as JSON; the flag is resolved as an object.

    Raises:
        Refused: The hand-over does not fit together, or asks for what a flagd file cannot say: a namespace.
    """
    if handover.namespace is not None:
        raise Refused.because(
            "handover.no_namespace",
            f"flagd knows no namespaces, so the slice {handover.namespace.name!r} cannot be written.",
            "Hand over to GrowthBook, or without a namespace and with a coverage.",
            name="namespace",
            value=handover.namespace.name,
        )
    arms = handover.arms()
    split = handover.split
    fractions: list[Any] = []
    for arm, weight in zip(arms, _whole(split.shares, _GRAIN), strict=True):
        taking_part = round(weight * split.coverage)
        # The rest stands right behind each arm, so that a higher coverage moves nobody out of their arm.
        fractions += [[arm.name, taking_part], [CONTROL, weight - taking_part]][: 1 if taking_part == weight else 2]
    metadata = {
        "experiment": handover.experiment,
        "brief": handover.brief if handover.brief != handover.experiment else "",
        "seed": split.seed,
        "channel": handover.channel,
        "models": ", ".join(dict.fromkeys(v.model for v in handover.variants if v.model)),
        **{f"digest.{v.id}": v.digest for v in handover.variants},
    }
    flag = {
        "state": "ENABLED" if handover.live else "DISABLED",
        "variants": {arm.name: value_of(arm) for arm in arms},
        "defaultVariant": CONTROL,
        "targeting": {
            "if": [
                {"var": _KEY},
                {"fractional": [{"cat": [f"{split.seed}:", {"var": _KEY}]}, *fractions]},
                CONTROL,
            ]
        },
        "metadata": {name: value for name, value in metadata.items() if value},
    }
    return as_json(
        {"$schema": "https://flagd.dev/schema/v0/flags.json", "flags": {handover.key: flag}},
    )


def _whole(shares: tuple[float, ...], total: int) -> list[int]:
    """Whole numbers in the ratio of ``shares`` that sum to ``total`` (largest remainders)."""
    exact = [share * total for share in shares]
    kept = [int(value) for value in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: kept[i] - exact[i])
    for i in by_remainder[: total - sum(kept)]:
        kept[i] += 1
    return kept
