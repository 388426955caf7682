"""The conventions a caller may speak, as far as records are concerned.

Models are declared in one vocabulary, our own, which uses Odoo's words where Odoo has the thing. A model, field or
selection value may carry another word of the Odoo or Netforce vocabulary beside it. Every word is accepted from
everybody; an answer uses the dialect's.
"""

from dataclasses import dataclass
from enum import StrEnum


class Vocabulary(StrEnum):
    """Whose words an answer uses."""

    OWN = "own"
    ODOO = "odoo"
    NETFORCE = "netforce"


class Reference(StrEnum):
    """How a many2one leaves in an answer."""

    PAIR = "pair"  # [id, label]
    TRIPLE = "triple"  # [id, label, image]: Netforce's third place is always null here
    ID = "id"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one convention words and shapes records.

    `empty_is_false`: an empty value leaves as false (Odoo), else as null. `wildcards`: `%` and `_` in like/ilike are
    wildcards, as in Odoo and Netforce; in our own dialect they are plain characters. `skip_missing`: read leaves out
    ids that are not there instead of refusing the call (Odoo).
    """

    name: str
    vocabulary: Vocabulary = Vocabulary.OWN
    reference: Reference = Reference.PAIR
    empty_is_false: bool = False
    wildcards: bool = False
    skip_missing: bool = False


NATIVE = Dialect("native")
ODOO = Dialect("odoo", Vocabulary.ODOO, empty_is_false=True, wildcards=True, skip_missing=True)
NETFORCE = Dialect("netforce", Vocabulary.NETFORCE, Reference.TRIPLE, wildcards=True)
