"""The names of constraints and indexes: what an error of PostgreSQL is recognised by.

    res_partner_pkey                  primary key
    sale_order_company_id_name_key    unique key over company_id and name
    sale_order_partner_id_fkey        foreign key of partner_id
    sale_order_amount_total_number    the amount is a number, not NaN
    sale_order_state_index            index

A declared check has the name it was given. PostgreSQL would cut a name of more than 63 bytes in silence; here a long
one ends in a hash of all of it instead.
"""

import hashlib
import re
from collections.abc import Sequence

from models.orm.declare import Check, Index, Key

LONGEST_NAME = 63
WORD = re.compile(r"[a-z0-9_]+")


def primary_key_name(table: str) -> str:
    """Name the primary key of a table."""
    return fitting(f"{table}_pkey")


def foreign_key_name(table: str, column: str) -> str:
    """Name the foreign key of a many2one or of one side of a link table."""
    return fitting(f"{table}_{column}_fkey")


def key_name(table: str, key: Key) -> str:
    """Name the unique index of a declared key."""
    return _composed(table, key.columns, key.where, "key")


def index_name(table: str, index: Index) -> str:
    """Name a declared index."""
    method = "" if index.method == "btree" else index.method
    return _composed(table, index.columns, f"{method} {index.where}".strip(), "index")


def check_name(check: Check) -> str:
    """Name a declared check: as it was declared."""
    return fitting(check.name)


def number_check_name(table: str, column: str) -> str:
    """Name the check that keeps NaN out of a decimal column."""
    return fitting(f"{table}_{column}_number")


def fitting(name: str) -> str:
    """Return the name, or its beginning and a hash of the whole where PostgreSQL would cut it."""
    if len(name) <= LONGEST_NAME:
        return name
    return f"{name[: LONGEST_NAME - 9]}_{_hash(name)}"


def _composed(table: str, terms: Sequence[str], more: str, ending: str) -> str:
    """A name out of the words of SQL terms; what is not only columns is told apart by a hash."""
    words = "_".join(word for term in terms for word in WORD.findall(term.lower()))
    mark = f"_{_hash(more)}" if more else ""
    return fitting(f"{table}_{words}{mark}_{ending}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
