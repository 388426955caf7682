"""Countries, states and currencies that every database has."""

import pytest

from models.base.country import country_data
from models.base.currency import currency_data
from models.orm.data import external_id
from models.orm.errors import ValidationError


async def test_every_country_is_there(env):
    countries = await env["res.country"].find(env, [], ["code", "name"])

    assert len(countries) == 249
    assert {"PH", "US", "DE", "JP", "SS", "XK"} - {country.code for country in countries} == {"XK"}


async def test_a_country_is_found_by_odoos_external_id(env):
    [country] = await env["res.country"].browse(
        env, [await external_id(env, "base.ph")], ["name", "phone_code", "state_ids"]
    )

    assert (country.name, country.phone_code, len(country.state_ids)) == ("Philippines", 63, 83)


async def test_states_belong_to_their_country(env):
    [state] = await env["res.country.state"].find(
        env, [["country_id.code", "=", "US"], ["code", "=", "CA"]], ["name", "country_id.name"]
    )

    assert (state.name, state["country_id.name"]) == ("California", "United States")


async def test_the_first_company_sells_in_pesos(env):
    [company] = await env["res.company"].browse(env, [1], ["currency_id.name", "country_id.code"])

    assert (company["currency_id.name"], company["country_id.code"]) == ("PHP", "PH")


@pytest.mark.parametrize(("code", "places", "rounding"), [("PHP", 2, "0.01"), ("JPY", 0, "1"), ("USD", 2, "0.01")])
async def test_currencies_know_their_places(env, code, places, rounding):
    [currency] = await env["res.currency"].find(env, [["name", "=", code]], ["decimal_places", "rounding"])

    assert (currency.decimal_places, format(currency.rounding.normalize(), "f")) == (places, rounding)


@pytest.mark.parametrize("values", [{"name": "php"}, {"name": "12A"}, {"name": "PH"}, {"decimal_places": 5}])
async def test_a_currency_is_one_of_the_isos_form(env, values):
    with pytest.raises(ValidationError):
        await env["res.currency"].create(env, {"name": "XYZ", "symbol": "X", **values})


def test_external_ids_and_codes_are_each_there_once():
    names = [datum.xml_id for datum in (*country_data(), *currency_data())]

    assert len(set(names)) == len(names)
