"""What the queue keeps beside its jobs: the lanes that give jobs their order, and how each other side is doing."""

from models.orm import fields
from models.orm.declare import Access, Key
from models.orm.model import Model
from models.sync.job import OPERATORS


class SyncLane(Model, name="sync.lane", label="Outbox Lane"):
    """One record that messages are about, and how many there were.

    Taking the next number locks the row until the end of the transaction, so numbers are given in the order of
    commit. It stays for good: numbers must not begin anew while the other side remembers old ones.
    """

    company = "own"
    keys = (Key(("company_id", "name"), "This lane exists already."),)

    name = fields.Char("Name", size=128, required=True)
    last_seq = fields.Integer("Last Number", big=True, required=True, default=0)


class SyncRemote(Model, name="sync.remote", label="Outbox Remote"):
    """One other side, and how it is doing.

    After failures it gets one try at a time, then pauses that grow to some 40 seconds. Its row is also the lock under
    which jobs for it are claimed, which makes the limit on parallel ones exact over all workers.
    """

    access = (Access(read=OPERATORS),)
    company = "own"
    keys = (Key(("company_id", "name"), "This remote exists already."),)

    name = fields.Char("Name", size=128, required=True)
    failures = fields.Integer("Failures in a Row", required=True, default=0)
    refused = fields.Boolean("Credentials Refused")
    blocked_until = fields.DateTime("Pause until")
    reached_at = fields.DateTime("Last Reached", help="To the minute.")
    last_error = fields.Text("Last Error")
