"""Demo data that a person believes, and the walk of one lead through both deployments.

Only `tandem demo` and `--demo` load it.
"""

from models.demo.bpo import DATA as BPO_DATA
from models.demo.dealer import DATA as DEALER_DATA
from models.orm.data import Datum

ROLES: dict[str, tuple[Datum, ...]] = {
    "bpo": BPO_DATA,
    "dealer": DEALER_DATA,
    "both": (*DEALER_DATA, *BPO_DATA),
}

__all__ = ["ROLES"]
