"""What an order costs: pure arithmetic on its lines, exact until it is rounded.

A line's price is quantity times unit price, less its discount in percent, less money taken off; it is rounded to the
currency. Then taxes: each tax is worked out once for all lines that carry it, rounded once, and the rounded amount is
dealt out to the lines so that the cents add up (largest remainder first, ties by line order). A tax inside the price
is taken out of it, the others come on top; every tax of a line takes its share of the same base. So the totals of an
order are exactly the sums of its lines, and when all taxes are inside the prices the total is exactly the sum of the
prices. Rounding is half up (away from zero), and zero has no sign.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation
from enum import StrEnum
from fractions import Fraction
from math import floor

ZERO = Decimal(0)


class TaxType(StrEnum):
    """Whether an order's prices are without tax, with it, or free of it."""

    TAX_EX = "tax_ex"
    TAX_IN = "tax_in"
    NO_TAX = "no_tax"


@dataclass(frozen=True, slots=True)
class TaxRate:
    """A tax as far as amounts go: its rate in percent, and whether it is inside the price whatever the order says."""

    id: int
    percent: Decimal
    included: bool = False


@dataclass(frozen=True, slots=True)
class PricedLine:
    """One order line before its amounts are known. `reduction` is money taken off the whole line."""

    quantity: Decimal
    unit_price: Decimal
    discount: Decimal = ZERO
    reduction: Decimal = ZERO
    taxes: tuple[TaxRate, ...] = ()


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """One line's amounts in the order's currency."""

    untaxed: Decimal
    tax: Decimal
    total: Decimal


@dataclass(frozen=True, slots=True)
class OrderAmounts:
    """An order's amounts: the sums of its lines."""

    lines: tuple[LineAmounts, ...] = ()
    untaxed: Decimal = ZERO
    tax: Decimal = ZERO
    total: Decimal = ZERO


Exact = Decimal | Fraction  # a fraction only where a division does not come out even

# Wide enough for the product of any three fields, and loud if it ever were not.
_EXACT = Context(prec=200, traps=[Inexact, InvalidOperation])


def order_amounts(lines: Sequence[PricedLine], tax_type: TaxType = TaxType.TAX_EX, places: int = 2) -> OrderAmounts:
    """Return the amounts of an order and its lines, rounded to `places` after the point."""
    prices = [line_price(line, places) for line in lines]
    inside, on_top = [0] * len(lines), [0] * len(lines)
    for (_, included), exact in _tax_shares(lines, prices, tax_type).items():
        column = inside if included else on_top
        for place, units in zip(exact, deal_out(list(exact.values())), strict=True):
            column[place] += units
    amounts = tuple(
        _amounts(price - included, included + extra, places)
        for price, included, extra in zip(prices, inside, on_top, strict=True)
    )
    untaxed = sum((line.untaxed for line in amounts), _money(0, places))
    tax = sum((line.tax for line in amounts), _money(0, places))
    return OrderAmounts(amounts, untaxed, tax, untaxed + tax)


def line_price(line: PricedLine, places: int = 2) -> int:
    """Return what a line costs before any tax is looked at, in the currency's smallest units (cents for two places)."""
    gross = _EXACT.multiply(line.quantity, line.unit_price)
    if line.discount:
        gross = _EXACT.multiply(gross, _EXACT.subtract(Decimal(100), line.discount)).scaleb(-2, _EXACT)
    if line.reduction:
        gross = _EXACT.subtract(gross, line.reduction)
    return rounded(gross.scaleb(places, _EXACT))


def rounded(amount: Exact) -> int:
    """Round half up, away from zero."""
    if isinstance(amount, Decimal):
        return int(amount.to_integral_value(ROUND_HALF_UP))
    size = (abs(amount) * 2 + 1) // 2
    return int(size if amount >= 0 else -size)


def deal_out(exact: Sequence[Exact]) -> list[int]:
    """Round exact amounts so that they add up to their rounded sum: the largest remainders go up, ties in order."""
    shares = [floor(amount) for amount in exact]
    left = rounded(_exact_sum(exact)) - sum(shares)
    if left:
        by_remainder = sorted(range(len(exact)), key=lambda place: shares[place] - Fraction(exact[place]))
        for place in by_remainder[:left]:
            shares[place] += 1
    return shares


def _exact_sum(exact: Sequence[Exact]) -> Exact:
    total: Exact = ZERO
    for amount in exact:
        if isinstance(total, Decimal) and isinstance(amount, Decimal):
            total = _EXACT.add(total, amount)
        else:
            total = Fraction(total) + Fraction(amount)
    return total


def _tax_shares(
    lines: Sequence[PricedLine], prices: Sequence[int], tax_type: TaxType
) -> dict[tuple[int, bool], dict[int, Exact]]:
    """Return for each tax, and whether it is in the price, the exact tax of each line by its place."""
    shares: dict[tuple[int, bool], dict[int, Exact]] = {}
    if tax_type is TaxType.NO_TAX:
        return shares
    for place, line in enumerate(lines):
        taxes = [(tax, tax.included or tax_type is TaxType.TAX_IN) for tax in line.taxes]
        inside = sum((tax.percent for tax, included in taxes if included), ZERO)
        for tax, included in taxes:
            shares.setdefault((tax.id, included), {})[place] = _part(prices[place], tax.percent, inside)
    return shares


def _part(price: int, percent: Decimal, inside: Decimal) -> Exact:
    """Return a tax's share of a price that holds `inside` percent of taxes."""
    share = _EXACT.multiply(Decimal(price), percent)
    return Fraction(share) / (100 + Fraction(inside)) if inside else share.scaleb(-2, _EXACT)


def _amounts(untaxed: int, tax: int, places: int) -> LineAmounts:
    return LineAmounts(_money(untaxed, places), _money(tax, places), _money(untaxed + tax, places))


def _money(units: int, places: int) -> Decimal:
    return Decimal(units).scaleb(-places)
