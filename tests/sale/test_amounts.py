"""Amounts: the cents of an order add up, whatever its lines and taxes."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.sale.amounts import OrderAmounts, PricedLine, TaxRate, TaxType, deal_out, order_amounts

UNHURRIED = settings(deadline=None)  # the machine may be busy

VAT = TaxRate(1, Decimal(12))
LEVY = TaxRate(2, Decimal("2.5"))
INSIDE = TaxRate(3, Decimal(7), included=True)

quantities = st.decimals(min_value=-1000, max_value=1000, places=3)
prices = st.decimals(min_value=0, max_value=1_000_000, places=6)
discounts = st.decimals(min_value=0, max_value=100, places=2)
tax_sets = st.sampled_from([(), (VAT,), (LEVY,), (VAT, LEVY), (INSIDE,), (VAT, INSIDE)])
priced_lines = st.builds(PricedLine, quantities, prices, discounts, st.just(Decimal(0)), tax_sets)
many_lines = st.lists(priced_lines, max_size=12)
tax_types = st.sampled_from(list(TaxType))


def line(price: str, quantity: str = "1", discount: str = "0", *taxes: TaxRate) -> PricedLine:
    return PricedLine(Decimal(quantity), Decimal(price), Decimal(discount), Decimal(0), taxes)


def shown(amounts: OrderAmounts) -> tuple[str, str, str]:
    return str(amounts.untaxed), str(amounts.tax), str(amounts.total)


@UNHURRIED
@given(many_lines, tax_types)
def test_the_totals_are_the_sums_of_the_lines(lines, tax_type):
    amounts = order_amounts(lines, tax_type)

    assert amounts.untaxed == sum(one.untaxed for one in amounts.lines)
    assert amounts.tax == sum(one.tax for one in amounts.lines)
    assert amounts.total == sum(one.total for one in amounts.lines) == amounts.untaxed + amounts.tax


@UNHURRIED
@given(many_lines, tax_types)
def test_every_amount_is_whole_cents_and_zero_has_no_sign(lines, tax_type):
    amounts = order_amounts(lines, tax_type)

    for one in (*amounts.lines, amounts):
        for amount in (one.untaxed, one.tax, one.total):
            assert amount.as_tuple().exponent == -2
            assert not (amount == 0 and amount.is_signed())


@UNHURRIED
@given(st.lists(st.builds(PricedLine, quantities, prices, discounts, taxes=st.just((VAT,))), max_size=12))
def test_with_all_tax_inside_the_total_is_what_the_prices_say(lines):
    included = order_amounts(lines, TaxType.TAX_IN)

    assert included.total == order_amounts(lines, TaxType.NO_TAX).total


@UNHURRIED
@given(many_lines)
def test_without_tax_the_total_is_untaxed(lines):
    amounts = order_amounts(lines, TaxType.NO_TAX)

    assert (amounts.tax, amounts.total) == (0, amounts.untaxed)


@UNHURRIED
@given(st.lists(st.builds(PricedLine, quantities, prices, discounts, taxes=st.just((VAT,))), min_size=1, max_size=12))
def test_one_tax_is_rounded_once_for_the_whole_order(lines):
    amounts = order_amounts(lines)

    assert abs(amounts.tax - amounts.untaxed * 12 / 100) <= Decimal("0.005")


@UNHURRIED
@given(many_lines, tax_types)
def test_a_single_cent_is_the_most_a_line_gets_beyond_its_share(lines, tax_type):
    amounts = order_amounts(lines, tax_type)

    for one, result in zip(lines, amounts.lines, strict=True):
        alone = order_amounts([one], tax_type).lines[0]
        assert abs(result.tax - alone.tax) <= Decimal("0.01") * len(one.taxes)


@UNHURRIED
@given(st.lists(st.fractions(min_value=-1000, max_value=1000), max_size=20))
def test_dealing_out_adds_up_and_moves_nothing_by_a_whole(exact):
    dealt = deal_out(exact)

    assert abs(sum(dealt) - sum(exact)) <= Decimal("0.5") or not exact
    assert all(abs(one - share) < 1 for one, share in zip(dealt, exact, strict=True))


@pytest.mark.parametrize(
    ("price", "quantity", "discount", "untaxed"),
    [
        ("0.125", "1", "0", "0.13"),
        ("0.135", "1", "0", "0.14"),
        ("-0.125", "1", "0", "-0.13"),
        ("0.004999", "1", "0", "0.00"),
        ("100", "3", "33.333333", "200.00"),
        ("99.99", "1", "100", "0.00"),
        ("0.01", "0.5", "0", "0.01"),
    ],
)
def test_prices_are_rounded_half_up(price, quantity, discount, untaxed):
    assert str(order_amounts([line(price, quantity, discount)]).untaxed) == untaxed


def test_the_cents_of_a_tax_are_dealt_out_by_remainder():
    amounts = order_amounts([line("0.33", "1", "0", VAT)] * 3)

    assert [str(one.tax) for one in amounts.lines] == ["0.04", "0.04", "0.04"]
    assert shown(amounts) == ("0.99", "0.12", "1.11")


def test_a_tax_inside_comes_out_of_the_price():
    assert shown(order_amounts([line("112", "1", "0", VAT)], TaxType.TAX_IN)) == ("100.00", "12.00", "112.00")


def test_a_tax_inside_and_one_on_top_share_the_base():
    assert shown(order_amounts([line("107", "1", "0", VAT, INSIDE)])) == ("100.00", "19.00", "119.00")


def test_a_reduction_comes_off_before_tax():
    reduced = PricedLine(Decimal(1), Decimal(1000), reduction=Decimal(125), taxes=(VAT,))

    assert shown(order_amounts([reduced])) == ("875.00", "105.00", "980.00")


def test_a_currency_without_cents_has_whole_amounts():
    assert shown(order_amounts([line("99.5", "1", "0", VAT)], places=0)) == ("100", "12", "112")


def test_an_order_without_lines_costs_nothing():
    assert shown(order_amounts([])) == ("0.00", "0.00", "0.00")
