"""Single values as they come in from outside: one column of finite numbers, or a refusal that says which is not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from copilot_tools.refusals import Refused

__all__ = ["finite_values"]


def finite_values(values: Sequence[float] | NDArray[np.float64], name: str) -> NDArray[np.float64]:
    """The values as an array of float64.

    Raises:
        Refused: One of them is NaN or infinite; the refusal says which.
        ValueError: They are not one column: an error of the caller, not of the data.
    """
    x = np.asarray(values, dtype=np.float64)
    if x.ndim != 1:
        raise ValueError(f"{name} must be one column, not of shape {x.shape}")
    if not np.isfinite(x).all():
        at = int(np.flatnonzero(~np.isfinite(x))[0])
        raise Refused.because(
            "data.not_finite",
            f"Value {at + 1} of {name} is {x[at]}, which is not a finite number.",
            "Leave out what is missing, by a rule set before the data was seen.",
            name=name,
            value=str(x[at]),
        )
    return x
