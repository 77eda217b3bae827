"""A bracketed root of a smooth function, without the 0.7 s that importing scipy.optimize costs.

References:
    Chandrupatla (1997), A new hybrid quadratic/bisection algorithm for finding the zero of a nonlinear function without
    using derivatives, Advances in Engineering Software 28.
"""

from __future__ import annotations

import math
from collections.abc import Callable

__all__ = ["root"]

_EPS = 2.0**-52


def root(f: Callable[[float], float], low: float, high: float, *, tolerance: float = 0.0) -> float:
    """Where ``f`` crosses 0 between ``low`` and ``high``.

    Args:
        f: A continuous function whose values at the two ends differ in sign (an end may be the root itself).
        low: One end, finite.
        high: The other end, finite.
        tolerance: Width below which the bracket is narrow enough; float resolution always is.

    Raises:
        ArithmeticError: The ends do not bracket a root: with figures at the edge of the range of numbers, or by an
            error of the caller.
    """
    a, b = high, low
    fa, fb = f(a), f(b)
    if fa == 0:
        return a
    if fb == 0:
        return b
    if math.copysign(1, fa) == math.copysign(1, fb):
        raise ArithmeticError(f"no root between {low} and {high}: the function is {fb} and {fa} there")
    c, fc = a, fa
    t = 0.5
    for _ in range(200):
        x = a + t * (b - a)
        fx = f(x)
        if (fx > 0) == (fa > 0):
            c, fc = a, fa
        else:
            c, b, fc, fb = b, a, fb, fa
        a, fa = x, fx
        best, f_best = (a, fa) if abs(fa) < abs(fb) else (b, fb)
        resolution = 2 * _EPS * abs(best) + tolerance / 2
        width = abs(b - a)
        if f_best == 0 or width <= 2 * resolution:
            return best
        xi, phi = (a - b) / (c - b), (fa - fb) / (fc - fb)
        if phi * phi < xi and (1 - phi) ** 2 < 1 - xi:
            t = fa / (fb - fa) * fc / (fb - fc) + (c - a) / (b - a) * fa / (fc - fa) * fb / (fc - fb)
        else:
            t = 0.5
        edge = min(resolution / width, 0.5)
        t = min(max(t, edge), 1 - edge)
    return best
