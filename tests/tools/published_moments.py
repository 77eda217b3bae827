"""Moments that peers publish results for, each typed in once: sums (GrowthBook), covariances (tea-tasting)."""

from __future__ import annotations

from copilot_tools.stats.moments import Moments

__all__ = [
    "GROWTHBOOK_MEANS",
    "GROWTHBOOK_RATIO",
    "TEA_CONTROL",
    "TEA_TREATMENT",
    "from_covariances",
    "from_sums",
    "only",
]


def from_sums(n, sums, squares, products=()):
    """Moments from sums, sums of squares and sums of products (row by row above the diagonal)."""
    d = range(len(sums))
    pairs = dict(zip([(i, j) for i in d for j in d if i < j], products, strict=True))
    raw = {**{(i, i): q for i, q in enumerate(squares)}, **pairs}
    centred = tuple(tuple(raw[min(i, j), max(i, j)] - sums[i] * sums[j] / n for j in d) for i in d)
    return Moments(n=n, mean=tuple(s / n for s in sums), comoments=centred)


def from_covariances(n, mean, covariance):
    """Moments from means and sample covariances."""
    return Moments(n=n, mean=mean, comoments=tuple(tuple(c * (n - 1) for c in row) for row in covariance))


def only(moments, columns):
    """The moments of some of the columns."""
    return Moments(
        n=moments.n,
        mean=tuple(moments.mean[i] for i in columns),
        comoments=tuple(tuple(moments.comoments[i][j] for j in columns) for i in columns),
    )


GROWTHBOOK_MEANS = (
    from_sums(3001, (300.0, 210.0), (600.0, 415.0), (-20.0,)),
    from_sums(3000, (222.0, 120.0), (555.0, 405.0), (-10.0,)),
)
"""growthbook/growthbook@8f1db4456915, TwoSidedTTest 31: an outcome and the same before, control and treatment."""

GROWTHBOOK_RATIO = (
    from_sums(
        499,
        (16350.796401289934, 21523.04575095651, 2525.692000420402, 5013.099595368349),
        (579755.5485352819, 936323.7214130654, 13266.69691197508, 50843.787985024595),
        (
            715841.3672954309,
            85758.04488945215,
            166890.6837577136,
            110634.56296490411,
            218130.49048718147,
            25802.1608908055,
        ),
    ),
    from_sums(
        501,
        (17665.78216676358, 21145.05082707994, 2519.8130928940254, 5031.064232026401),
        (685380.2656052428, 901964.6946730342, 13201.98898063401, 51089.192651024394),
        (
            758010.8065703345,
            92074.55751148061,
            180435.1542484886,
            108329.73650248353,
            214589.9891643628,
            25803.215252607773,
        ),
    ),
)
"""TwoSidedTTest 18, strata put together: numerator, denominator and both before, control and treatment."""

TEA_CONTROL = from_covariances(
    53,
    (0.5660377358490566, 1.9811320754716981, 0.5283018867924528, 1.9245283018867925),
    (
        (0.7888243831640053, 0.39550072568940503, 0.772133526850509, 0.6973875181422351),
        (0.39550072568940503, 0.9804063860667634, 0.3947750362844705, 1.1139332365747463),
        (0.772133526850509, 0.3947750362844705, 1.4462989840348326, 1.2329462989840345),
        (0.6973875181422351, 1.1139332365747463, 1.2329462989840345, 3.5326560232220605),
    ),
)
TEA_TREATMENT = from_covariances(
    47,
    (0.3829787234042553, 1.8936170212765957, 0.3191489361702128, 1.9574468085106382),
    (
        (0.5023126734505092, 0.15032377428307112, 0.37511563367252565, 0.1470860314523589),
        (0.15032377428307112, 0.7927844588344127, 0.1651248843663275, 0.8432007400555043),
        (0.37511563367252565, 0.1651248843663275, 0.5698427382053655, 0.2747456059204441),
        (0.1470860314523589, 0.8432007400555043, 0.2747456059204441, 2.3894542090656814),
    ),
)
"""e10v/tea-tasting@90306f16, tests/metrics/test_mean.py: orders, sessions and both of the period before."""
