"""Countries and their states."""

from typing import Any

from models.base.geography import COUNTRIES, STATES
from models.base.groups import ADMINISTRATORS, USERS
from models.orm import Access, Key, Model, fields
from models.orm.data import Datum, Ref


class Country(Model, name="res.country", label="Country", netforce="country"):
    """A country of ISO 3166-1."""

    access = (Access(read=USERS.code, write=ADMINISTRATORS.code),)
    order = "name"
    keys = (
        Key(("code",), "The code of the country must be unique."),
        Key(("name",), "The name of the country must be unique."),
    )

    name = fields.Char("Name", required=True, searched=True)
    code = fields.Char("Code", required=True, size=2, searched=True)
    phone_code = fields.Integer("Calling code", minimum=1, aggregate="")
    state_ids = fields.One2Many("States", "res.country.state", "country_id")


class CountryState(Model, name="res.country.state", label="State", netforce="province"):
    """A state or province of ISO 3166-2."""

    access = (Access(read=USERS.code, write=ADMINISTRATORS.code),)
    order = "country_id, name"
    keys = (Key(("country_id", "code"), "The code of the state must be unique in its country."),)

    name = fields.Char("Name", required=True, searched=True)
    code = fields.Char("Code", required=True, size=8, searched=True)
    country_id = fields.Many2One("Country", "res.country", required=True, on_delete="cascade")


def country_data() -> tuple[Datum, ...]:
    """Return the countries and states of a new database, under the external ids that Odoo gives them."""
    found = []
    for line in COUNTRIES.strip().splitlines():
        code, calling, name = line.split(" ", 2)
        values: dict[str, Any] = {"name": name, "code": code, "phone_code": None if calling == "-" else int(calling)}
        found.append(Datum(f"base.{code.lower()}", "res.country", values))
    for country, states in STATES.items():
        for line in states.strip().splitlines():
            code, name = line.split(" ", 1)
            values = {"name": name, "code": code, "country_id": Ref(f"base.{country.lower()}")}
            found.append(Datum(f"base.state_{country.lower()}_{code.lower()}", "res.country.state", values))
    return tuple(found)
