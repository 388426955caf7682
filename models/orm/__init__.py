"""The small layer that models are declared with. It knows no business word.

Start with `model.py` (what a class declares), `fields/` (kinds of fields), `methods.py` (what may be called), then
`reading.py` and `writing.py` (what happens). `domain.py` and `condition.py` are searches, `access.py` rights,
`workflow.py` states, `chatter.py` traces.
"""

from models.orm.borrowing import borrows
from models.orm.commands import Command
from models.orm.data import Datum, Ref
from models.orm.declare import (
    COMPANIES,
    COMPANY,
    NOW,
    TODAY,
    USER,
    Access,
    Check,
    Group,
    Index,
    Key,
    NumberSequence,
    Parts,
    Placeholder,
    Rule,
)
from models.orm.env import Context, Env, User
from models.orm.methods import rpc
from models.orm.model import Model
from models.orm.registry import Registry
from models.orm.values import Row
from models.orm.workflow import check_state, constrains, transition

__all__ = [
    "COMPANIES",
    "COMPANY",
    "NOW",
    "TODAY",
    "USER",
    "Access",
    "Check",
    "Command",
    "Context",
    "Datum",
    "Env",
    "Group",
    "Index",
    "Key",
    "Model",
    "NumberSequence",
    "Parts",
    "Placeholder",
    "Ref",
    "Registry",
    "Row",
    "Rule",
    "User",
    "borrows",
    "check_state",
    "constrains",
    "rpc",
    "transition",
]
