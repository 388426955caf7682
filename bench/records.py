"""The rows of the data set, made up but always the same: customers, products, salespeople, and their leads."""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bench.world import FIRST, World

Records = Iterator[tuple[Any, ...]]

SEED = 20_260_101
CREATED = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
PRODUCTS = 200
USERS = 50
STOCK = Decimal(10_000_000)
COUNTRIES = 50
LEADS_A_PARTNER = 10
LEADS_A_COUNTRY = 1000  # below this a country is left out: each has to fill a page of those that a search wants
DESCRIPTION = "Asked for a call back about prices, delivery and what becomes of the old one. " * 2


@dataclass(frozen=True, slots=True)
class Copied:
    """What goes into one table: its columns, and their values row by row."""

    table: str
    columns: Sequence[str]
    records: Records


def size_of(rows: int, *, company: int, countries: Sequence[int], stages: Sequence[int], database: str) -> World:
    """The ids of a data set with so many leads; customers grow with them, products and salespeople do not."""
    partners = max(20, rows // LEADS_A_PARTNER)
    return World(
        database=database,
        company=company,
        leads=(FIRST, FIRST + rows - 1),
        partners=(FIRST, FIRST + partners - 1),
        products=(FIRST, FIRST + PRODUCTS - 1),
        users=(FIRST, FIRST + USERS - 1),
        countries=tuple(countries[: max(1, min(COUNTRIES, rows // LEADS_A_COUNTRY))]),
        stages=tuple(stages),
    )


def tables(world: World, unit: int, shelf: int) -> Iterator[Copied]:
    """Every table in the order of its references. `unit`: of measure, of all products; `shelf`: where they lie."""
    yield Copied("res_users", ("id", "name", "login", "login_key", "company_id", "lang", "tz", "active"), _users(world))
    yield Copied("res_company_users_rel", ("user_id", "company_id"), ((i, world.company) for i in _ids(world.users)))
    yield Copied(
        "res_partner",
        ("id", "name", "company_type", "is_company", "email", "phone", "city", "country_id", "active", "company_id"),
        _partners(world),
    )
    yield Copied(
        "product_product",
        ("id", "name", "default_code", "type", "is_storable", "list_price", "uom_id", "sale_ok", "active"),
        _products(world, unit),
    )
    yield Copied(
        "account_tax",
        ("id", "name", "amount", "amount_type", "type_tax_use", "sequence", "active", "company_id"),
        iter([(FIRST, "VAT", Decimal(12), "percent", "sale", 1, True, world.company)]),
    )
    yield Copied("product_taxes_rel", ("product_id", "tax_id"), ((i, FIRST) for i in _ids(world.products)))
    yield Copied(
        "stock_quant",
        ("product_id", "location_id", "quantity", "company_id"),
        ((i, shelf, STOCK, world.company) for i in _ids(world.products)),
    )
    yield Copied("crm_lead", LEAD_COLUMNS, _leads(world))
    yield Copied(
        "mail_message",
        ("model", "res_id", "body", "message_type", "subtype", "author_user_id", "date", "create_uid"),
        (
            ("crm.lead", lead, "Lead created", "notification", "created", world.users[0], CREATED, world.users[0])
            for lead in _ids(world.leads)
        ),
    )


def _ids(bounds: tuple[int, int]) -> range:
    return range(bounds[0], bounds[1] + 1)


def _users(world: World) -> Records:
    for i in _ids(world.users):
        login = f"salesperson{i}"
        yield i, f"Salesperson {i}", login, login, world.company, "en_US", "UTC", True


def _partners(world: World) -> Records:
    for i in _ids(world.partners):
        country = world.countries[i % len(world.countries)]
        mail, phone = f"office{i}@example.com", f"+63 2 {8_000_000 + i}"
        yield i, f"Customer {i} Trading", "company", True, mail, phone, f"City {i % 100}", country, True, None


def _products(world: World, unit: int) -> Records:
    for i in _ids(world.products):
        yield i, f"Article {i}", f"A{i}", "product", True, Decimal(i * 35) / 10, unit, True, True


LEAD_COLUMNS = (
    "id",
    "reference",
    "name",
    "type",
    "partner_id",
    "user_id",
    "stage_id",
    "company_id",
    "expected_revenue",
    "probability",
    "priority",
    "contact_name",
    "email_from",
    "phone",
    "city",
    "description",
    "active",
    "create_uid",
)


def _leads(world: World) -> Records:
    dice = random.Random(SEED)
    pick = dice.randrange
    (first_partner, last_partner), (first_user, last_user) = world.partners, world.users
    for i in _ids(world.leads):
        partner, user = pick(first_partner, last_partner + 1), pick(first_user, last_user + 1)
        revenue, probability = Decimal(pick(10_000_000)) / 100, Decimal(pick(10_000)) / 100
        yield (
            i,
            f"OLD/{i:07}",
            f"Lead {i} about a larger order",
            "opportunity",
            partner,
            user,
            dice.choice(world.stages),
            world.company,
            revenue,
            probability,
            str(pick(4)),
            f"Contact {i % 5000}",
            f"contact{i % 5000}@example.com",
            f"+63 917 {1_000_000 + i}",
            f"City {i % 100}",
            DESCRIPTION,
            True,
            user,
        )
