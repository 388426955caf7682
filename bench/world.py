"""What the load generator may rely on: the ids in the data set."""

from __future__ import annotations

import msgspec

FIRST = 1001  # ids of made partners, products and users begin here, above whatever a new database comes with


class World(msgspec.Struct, frozen=True, kw_only=True):
    """The ids of one database. A pair is the first and the last id of a closed range."""

    database: str
    company: int
    leads: tuple[int, int]
    partners: tuple[int, int]
    products: tuple[int, int]
    users: tuple[int, int]
    countries: tuple[int, ...]
    stages: tuple[int, ...]  # in their order; searches ask for the first three
