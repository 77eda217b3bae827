"""Regularised logistic regression over names of features: several targets at once, the same numbers every time.

References:
    Wang, S. and Manning, C. (2012), Baselines and Bigrams: Simple, Good Sentiment and Topic Classification, ACL (the
    log-count ratios by which features are scaled).
    Byrd, R. H. et al. (1995), A Limited Memory Algorithm for Bound Constrained Optimization, SIAM J. Sci. Comput. 16.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp
from numpy.typing import NDArray
from scipy.optimize import minimize

__all__ = ["Fitted", "fitted", "names_of", "table"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Fitted:
    """What was learned.

    Attributes:
        names: Of the features, in order.
        weights: A row a feature, a column a target.
        base: What every example begins with, by target.
    """

    names: tuple[str, ...]
    weights: Floats
    base: Floats


def names_of(groups: Iterable[set[str]], least: int) -> tuple[str, ...]:
    """The names that stand in at least ``least`` of the groups, in order."""
    counts = Counter(name for group in groups for name in group)
    return tuple(sorted(name for name, count in counts.items() if count >= least))


def table(examples: Iterable[Sequence[str]], names: Sequence[str]) -> sp.csr_matrix:
    """A row an example: how often each name stands in it."""
    place = {name: at for at, name in enumerate(names)}
    found: list[int] = []
    ends = [0]
    for example in examples:
        found += [at for at in map(place.get, example) if at is not None]
        ends.append(len(found))
    data = np.ones(len(found), np.float32)
    rows = sp.csr_matrix((data, np.array(found, np.int32), np.array(ends)), shape=(len(ends) - 1, len(names)))
    rows.sum_duplicates()
    return rows


def fitted(
    names: Sequence[str],
    rows: sp.csr_matrix,
    targets: Floats,
    weight: Floats,
    *,
    penalty: float,
    prior: float = 0.0,
    steps: int = 60,
) -> Fitted:
    """Fit one logistic regression a target.

    Args:
        names: Of the columns of ``rows``.
        rows: The examples.
        targets: 0 or 1, a column a target.
        weight: Of each example for each target; 0 leaves it out.
        penalty: Half of it times the sum of squared weights is added to the loss.
        prior: With a number, each feature is scaled by its log-count ratio, with so much added to each count.
        steps: Of the minimizer, at most.
    """
    columns, kinds = rows.shape[1], targets.shape[1]
    turned = rows.T.tocsr()
    scale = np.ones((columns, kinds))
    if prior:
        on = turned @ (weight * targets) + prior
        off = turned @ (weight * (1 - targets)) + prior
        scale = np.log(on / on.sum(axis=0)) - np.log(off / off.sum(axis=0))

    def loss(flat: Floats) -> tuple[float, Floats]:
        own = flat.reshape(columns + 1, kinds)
        score = (rows @ (own[:-1] * scale).astype(np.float32)).astype(float) + own[-1]
        error = weight * (1 / (1 + np.exp(-score)) - targets)
        slope = np.concatenate(
            [(turned @ error.astype(np.float32)) * scale + penalty * own[:-1], error.sum(axis=0)[None]]
        )
        value = (weight * (np.logaddexp(0, score) - targets * score)).sum() + penalty / 2 * (own[:-1] ** 2).sum()
        return float(value), slope.ravel()

    begin = np.zeros((columns + 1, kinds))
    shares = (weight * targets).sum(axis=0) / np.maximum(weight.sum(axis=0), 1)
    begin[-1] = np.log((shares + 1e-4) / (1 - shares + 1e-4))
    found = minimize(loss, begin.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": steps, "maxcor": 5})
    own = found.x.reshape(columns + 1, kinds)
    return Fitted(tuple(names), own[:-1] * scale, own[-1])
