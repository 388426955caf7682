"""Currencies of ISO 4217."""

from decimal import Decimal

from models.base.groups import ADMINISTRATORS, USERS
from models.orm import Access, Key, Model, constrains, fields
from models.orm.data import Datum
from models.orm.errors import ValidationError

FIRST_CURRENCY = "PHP"


class Currency(Model, name="res.currency", label="Currency", netforce="currency"):
    """Money of one kind."""

    access = (Access(read=USERS.code, write=ADMINISTRATORS.code, delete=ADMINISTRATORS.code),)
    order = "active desc, name"
    audit = True
    keys = (Key(("name",), "There is such a currency already."),)

    name = fields.Char("Code", required=True, size=3, searched=True, netforce="code")
    full_name = fields.Char("Name", searched=True)
    symbol = fields.Char("Symbol", required=True, size=8, netforce="sign")
    position = fields.Selection(
        "Symbol position", [("before", "Before the amount"), ("after", "After the amount")], default="before"
    )
    decimal_places = fields.Integer("Decimal places", default=2, required=True, minimum=0)
    rounding = fields.Decimal("Rounding", digits=(12, 6), sql="round(power(10.0, -{t}.decimal_places), 6)")
    active = fields.Boolean("Active", default=True)

    @constrains("name")
    def check_name(self) -> None:
        """ISO codes are three capital letters."""
        if not (len(self.name) == 3 and self.name.isascii() and self.name.isalpha() and self.name.isupper()):
            raise ValidationError("A currency's code is three capital letters.", field="name")

    @constrains("decimal_places")
    def check_decimal_places(self) -> None:
        """No currency has more than four."""
        if self.decimal_places > Decimal(4):
            raise ValidationError("A currency has at most 4 decimal places.", field="decimal_places")


# code, symbol, decimal places, name
KNOWN = """
PHP ₱ 2 Philippine Peso
USD $ 2 US Dollar
EUR € 2 Euro
JPY ¥ 0 Japanese Yen
CNY ¥ 2 Chinese Yuan
SGD S$ 2 Singapore Dollar
HKD HK$ 2 Hong Kong Dollar
AUD A$ 2 Australian Dollar
GBP £ 2 Pound Sterling
KRW ₩ 0 South Korean Won
THB ฿ 2 Thai Baht
MYR RM 2 Malaysian Ringgit
"""


def currency_data() -> tuple[Datum, ...]:
    """Return the currencies of a new database."""
    found = []
    for line in KNOWN.strip().splitlines():
        code, symbol, places, name = line.split(" ", 3)
        values = {"name": code, "symbol": symbol, "decimal_places": int(places), "full_name": name}
        found.append(Datum(f"base.{code}", "res.currency", values))
    return tuple(found)
