"""Languages. Answers come in one; the model is there because clients ask which."""

from models.base.groups import ADMINISTRATORS, USERS
from models.orm import Access, Key, Model, fields
from models.orm.data import Datum


class Language(Model, name="res.lang", label="Language"):
    """A language and how it writes dates and numbers."""

    access = (Access(read=USERS.code), Access(write=ADMINISTRATORS.code))
    order = "active desc, name"
    keys = (Key(("code",), "The code of the language must be unique."),)

    name = fields.Char("Name", required=True, searched=True)
    code = fields.Char("Locale Code", required=True, size=16, searched=True)
    iso_code = fields.Char("ISO code", size=16)
    url_code = fields.Char("URL Code", size=16)
    active = fields.Boolean("Active", default=True)
    direction = fields.Selection("Direction", [("ltr", "Left-to-Right"), ("rtl", "Right-to-Left")], default="ltr")
    date_format = fields.Char("Date Format", required=True, default="%m/%d/%Y")
    time_format = fields.Char("Time Format", required=True, default="%H:%M:%S")
    decimal_point = fields.Char("Decimal Separator", required=True, size=1, default=".")
    thousands_sep = fields.Char("Thousands Separator", size=1, default=",")


ENGLISH = Datum(
    "base.lang_en", "res.lang", {"name": "English (US)", "code": "en_US", "iso_code": "en", "url_code": "en"}
)
