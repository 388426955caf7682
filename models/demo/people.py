"""The accounts of the demo.

All have the same password, which is no secret: a demo listens on the loopback interface alone.
"""

from models.orm.data import Datum, Ref

PASSWORD = "tandem-demo"  # noqa: S105


def account(login: str, name: str, *groups: str) -> Datum:
    """Return a user's record with these groups."""
    values = {
        "login": login,
        "name": name,
        "email": f"{login}@example.com",
        "password": PASSWORD,
        "tz": "Asia/Manila",
        "groups_id": [(6, 0, [Ref(group.replace(".", ".group_", 1)) for group in groups])],
    }
    return Datum(f"demo.user_{login.replace('.', '_').replace('-', '_')}", "res.users", values)
