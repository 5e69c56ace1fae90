"""Buy till you die: BG/NBD and Pareto/NBD by maximum likelihood. Customers order at their own rates until they leave.

Both describe a customer by (x, t_x, T): repeat orders, time of the last one and time observed, from the first order on.
Rates differ between customers by a gamma distribution of shape r and rate α. In Pareto/NBD a customer may leave at any
moment, at an individual rate (gamma, s and β); in BG/NBD only right after a repeat order, with an individual
probability (beta, a and b).

Either likelihood is a sum of two terms, for the two ways in which no order can have come since t_x, times a factor that
both share:

    left(t_x)     left before ordering again
    waits(T)      would order again, but not before T

Only `waits` changes while no order comes. So, given the history,

    P(no order in the next t) = (left(t_x) + waits(T + t)) / (left(t_x) + waits(T)),

exactly, for both models. Both terms are positive, so nothing cancels; all is computed in logarithms. P(alive) is there
for readers of the literature; it is the wrong number to score by, because BG/NBD gives 1 to everyone with a single
order.

Sources, cited by their short names:

    SMC 1987    Schmittlein, Morrison, Colombo: Counting your customers, Management Science 33(1)
    FHL 2005    Fader, Hardie, Lee: "Counting your customers" the easy way, Marketing Science 24(2)
    FH 2005     Fader, Hardie: A note on deriving the Pareto/NBD model, brucehardie.com/notes/009
    FH 2013     Fader, Hardie: Overcoming the BG/NBD model's #NUM! error problem, brucehardie.com/notes/027

Time may be in any unit, the same everywhere; Regulars fits in days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import astuple, dataclass

import numpy as np
import numpy.typing as npt

from training.dataset import Floats
from training.models.history import Histories

# Shapes beyond these mean "everyone is alike" or "nobody leaves" no more than these do.
SHAPES = (1e-2, 1e2)
# Bounds of the gamma rates, in mean times observed. Where hardly anyone leaves, β would grow without bound together
# with s and change nothing: the likelihood is flat there, and slow to compute.
SCALES = (1e-3, 1e1)
# The continued fraction has so many terms at most; each divides the error by a known factor; exp(28) is 1e12.
MOST_TERMS = 2000
DIGITS_E = 28.0
FEW = 512  # for so many customers all levels of the fraction are computed at once
# The nearer z is to 1, the more terms: customers are computed in bands of z, so that a few do not slow all the others.
BANDS = (0.9, 0.985)
START_SHAPE, START_LEAVING = 1.0, (1.0, 4.0)
SEARCH = {"ftol": 1e-9, "gtol": 1e-6, "maxiter": 200}


@dataclass(frozen=True)
class BGNBD:
    """FHL 2005: a customer may leave right after a repeat order.

    >>> cdnow = BGNBD(r=0.243, alpha=4.414, a=0.793, b=2.426)
    >>> customer = Histories(np.array([2.0]), np.array([30.43]), np.array([38.86]))
    >>> cdnow.expected_orders(customer, 39).round(3)
    array([1.226])
    """

    r: float
    alpha: float
    a: float
    b: float

    def log_likelihood(self, seen: Histories) -> Floats:
        """FHL 2005, equation 6; arranged as in FH 2013."""
        from scipy.special import betaln, gammaln

        x = seen.frequency
        shared = gammaln(self.r + x) - gammaln(self.r) + self.r * np.log(self.alpha)
        shared += betaln(self.a, self.b + x) - betaln(self.a, self.b)
        return np.asarray(shared + np.logaddexp(self._left(seen), self._waits(seen)), dtype=np.float64)

    def _waits(self, seen: Histories) -> Floats:
        return -(self.r + seen.frequency) * np.log(self.alpha + seen.age)

    def _left(self, seen: Histories) -> Floats:
        repeat = seen.frequency > 0
        x = np.where(repeat, seen.frequency, 1.0)
        ratio = np.log(self.a) - np.log(self.b + x - 1) - (self.r + x) * np.log(self.alpha + seen.recency)
        return np.where(repeat, ratio, -np.inf)

    def no_order_probability(self, seen: Histories, time: float) -> Floats:
        """Return P(no order in the next `time` | history): the quotient of the module's first lines.

        Without a repeat order it is ((α + T) / (α + T + time)) ** r.
        """
        left, before = self._left(seen), self._waits(seen)
        return _quotient(left, before, self._waits(seen.later(time)))

    def alive(self, seen: Histories) -> Floats:
        """FH, A note on P(alive) for the BG/NBD (brucehardie.com/notes/021), equation 1."""
        waits = self._waits(seen)
        return np.asarray(np.exp(waits - np.logaddexp(self._left(seen), waits)), dtype=np.float64)

    def expected_orders(self, seen: Histories, time: float) -> Floats:
        """FHL 2005, equation 10, with Euler's transformation, so that no factor overflows."""
        from scipy.special import hyp2f1

        a = self.a if abs(self.a - 1) > 1e-6 else 1 + 1e-6  # equation 10 has a removable hole at a = 1
        z = time / (self.alpha + seen.age + time)
        top = a + self.b + seen.frequency - 1
        top = np.where(np.abs(top) > 1e-9, top, 1e-9)
        grows = 1 - (1 - z) ** (a - 1) * hyp2f1(a + self.b - 1 - self.r, a - 1, top, z)
        return np.asarray(top / (a - 1) * grows * self.alive(seen), dtype=np.float64)


@dataclass(frozen=True)
class ParetoNBD:
    """SMC 1987: a customer may leave at any moment.

    >>> cdnow = ParetoNBD(r=0.553, alpha=10.578, s=0.606, beta=11.669)
    >>> customer = Histories(np.array([2.0]), np.array([30.43]), np.array([38.86]))
    >>> cdnow.expected_orders(customer, 39).round(2), cdnow.alive(customer).round(2)
    (array([1.46]), array([0.87]))
    """

    r: float
    alpha: float
    s: float
    beta: float

    def log_likelihood(self, seen: Histories) -> Floats:
        """SMC 1987, as FH 2005 derive it, its two terms regrouped into two positive ones."""
        from scipy.special import gammaln

        shared = gammaln(self.r + seen.frequency) - gammaln(self.r)
        shared += self.r * np.log(self.alpha) + self.s * np.log(self.beta)
        return np.asarray(shared + np.logaddexp(self._left(seen), self._waits(seen)), dtype=np.float64)

    def _waits(self, seen: Histories) -> Floats:
        """∫ from T of λ e^(−(λ+μ)u) over both gammas: alive until an order that comes after T."""
        a = self.r + seen.frequency
        return np.asarray(np.log(a) + _log_tail(a + 1, self.s, self.alpha, self.beta, seen.age), dtype=np.float64)

    def _left(self, seen: Histories) -> Floats:
        """∫ from t_x of μ e^(−(λ+μ)u) over both gammas: gone before another order."""
        a = self.r + seen.frequency
        return np.asarray(np.log(self.s) + _log_tail(a, self.s + 1, self.alpha, self.beta, seen.recency))

    def no_order_probability(self, seen: Histories, time: float) -> Floats:
        """Return P(no order in the next `time` | history): the quotient of the module's first lines."""
        left, before = self._left(seen), self._waits(seen)
        return _quotient(left, before, self._waits(seen.later(time)))

    def alive(self, seen: Histories) -> Floats:
        """SMC 1987, FH 2005: (α + T)^−(r+x) (β + T)^−s over the likelihood's two terms."""
        alive = -(self.r + seen.frequency) * np.log(self.alpha + seen.age) - self.s * np.log(self.beta + seen.age)
        return np.asarray(np.exp(alive - np.logaddexp(self._left(seen), self._waits(seen))), dtype=np.float64)

    def expected_orders(self, seen: Histories, time: float) -> Floats:
        """SMC 1987, FH 2005; through expm1, so that s = 1 is no hole."""
        shrinks = np.log1p(time / (self.beta + seen.age))
        power = 1 - self.s
        lasts = shrinks if power == 0 else np.expm1(power * shrinks) / power
        rate = (self.r + seen.frequency) / (self.alpha + seen.age)
        return np.asarray(rate * (self.beta + seen.age) * lasts * self.alive(seen), dtype=np.float64)


def _quotient(left: Floats, before: Floats, after: Floats) -> Floats:
    """Return (left + after) / (left + before) from logarithms."""
    return np.asarray(np.exp(np.logaddexp(left, after) - np.logaddexp(left, before)), dtype=np.float64)


def _log_tail(p: Floats | float, q: Floats | float, alpha: float, beta: float, start: Floats) -> Floats:
    """Return the logarithm of ∫ from `start` to ∞ of (α + u)^−p (β + u)^−q du; p + q > 1.

    FH 2005, in the form that fits the larger of α and β, after Euler's transformation.
    """
    if alpha < beta:
        return _log_tail(q, p, beta, alpha, start)
    power = p + q - 1
    top, bottom = np.log(alpha + start), np.log(beta + start)
    z = (alpha - beta) / (alpha + start)
    ends = -power * top - np.log(power) + (1 - q) * (bottom - top)
    return np.asarray(ends + np.log(_gauss(p, power + 1, z)), dtype=np.float64)


def _gauss(b: Floats | float, c: Floats | float, z: Floats) -> Floats:
    """Return the hypergeometric function F(1, b; c; z) for 0 ≤ z < 1 and 0 < b < c + 1, by Gauss's continued fraction.

    scipy's hyp2f1 gives NaN here for customers with a hundred orders once z passes 0.95, and loses digits where c − b
    is an integer. The number of terms is known beforehand, so the fraction is evaluated from its end, all customers at
    once. Checked against mpmath: 1e-11 up to z = 0.999, for up to 2,000 orders.

    Source: NIST Digital Library of Mathematical Functions, 15.7.1, with b = 0.

    >>> _gauss(1.0, 2.0, np.array([0.5])) - 2 * np.log(2) < 1e-12  # F(1, 1; 2; z) = −log(1 − z) / z
    array([ True])
    """
    b, c, z = np.broadcast_arrays(b, c, z)
    value, band = np.empty(z.shape), np.searchsorted(BANDS, z)
    for each in range(len(BANDS) + 1):
        rows = band == each
        if rows.any():
            value[rows] = _fraction(b[rows], c[rows], z[rows])
    return value


def _fraction(b: Floats, c: Floats, z: Floats) -> Floats:
    root = np.sqrt(1 - z.max(initial=0.0))
    terms = 4 + int(min(MOST_TERMS, DIGITS_E / (2 * np.arctanh(np.clip(root, 1e-6, 1 - 1e-6)))))
    value = np.ones_like(z)
    for numerator in _numerators(b, c, z, terms):
        value = 1 - numerator / value
    return 1 / (1 - b / c * z / value)


def _numerators(b: Floats, c: Floats, z: Floats, terms: int) -> Iterable[Floats]:
    """Yield the numerator of each level of the fraction, from its end."""
    if z.size > FEW:
        return (_numerator(b, c, z, level, odd=level % 2 == 1) for level in range(terms, 1, -1))
    # For few customers all levels at once: the calls would cost more than the sums.
    levels = np.arange(terms, 1, -1)
    found = np.empty((len(levels), z.size))
    for odd in (True, False):
        here = (levels % 2 == 1) == odd
        found[here] = _numerator(b, c, z, levels[here][:, None], odd=odd)
    return found


def _numerator(b: Floats, c: Floats, z: Floats, level: int | npt.NDArray[np.int64], *, odd: bool) -> Floats:
    j = level // 2
    up = (b + j) * (c - 1 + j) if odd else j * (c - b + j - 1)
    return np.asarray(up / ((c + level - 2) * (c + level - 1)) * z, dtype=np.float64)


def fit_bgnbd(seen: Histories, start: BGNBD | None = None) -> BGNBD:
    """Return the maximum-likelihood BG/NBD; `start` is where the search begins, by default the shop's mean rate."""
    shapes, scales = np.log(SHAPES), np.log(np.multiply(SCALES, _unit(seen)))
    begin = start or BGNBD(START_SHAPE, START_SHAPE / _mean_rate(seen), *START_LEAVING)
    return BGNBD(*_likeliest(BGNBD, seen, astuple(begin), [shapes, scales, shapes, shapes]))


def fit_paretonbd(seen: Histories, start: ParetoNBD | None = None) -> ParetoNBD:
    """Return the maximum-likelihood Pareto/NBD; `start` is where the search begins, by default the shop's mean rate."""
    shapes, scales = np.log(SHAPES), np.log(np.multiply(SCALES, _unit(seen)))
    begin = start or ParetoNBD(START_SHAPE, START_SHAPE / _mean_rate(seen), START_SHAPE, 2 * _unit(seen))
    return ParetoNBD(*_likeliest(ParetoNBD, seen, astuple(begin), [shapes, scales, shapes, scales]))


def _unit(seen: Histories) -> float:
    return max(float(seen.age.mean()), 1e-9) if len(seen) else 1.0


def _mean_rate(seen: Histories) -> float:
    """Return the repeat orders per time of all customers; half an order is added, so that it is never 0."""
    return float((seen.frequency.sum() + 0.5) / max(seen.age.sum(), 1e-9))


def _likeliest(
    make: Callable[..., BGNBD | ParetoNBD], seen: Histories, start: tuple[float, ...], bounds: list[Floats]
) -> list[float]:
    """Maximise the likelihood over the logarithms of the parameters by L-BFGS-B. Byrd, Lu, Nocedal, Zhu (1995)."""
    from scipy.optimize import minimize

    def cost(logs: Floats) -> float:
        return -float(make(*np.exp(logs)).log_likelihood(seen).mean())

    low, high = np.array(bounds).T
    begin = np.clip(np.log(start), low, high)
    found = minimize(cost, begin, method="L-BFGS-B", bounds=list(zip(low, high, strict=True)), options=SEARCH)
    return [float(value) for value in np.exp(found.x)]
