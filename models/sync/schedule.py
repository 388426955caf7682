"""Work that is due every so often. Firing moves the time and adds the job in one statement, so it happens once."""

from models.orm import fields
from models.orm.declare import Access, Index, Key
from models.orm.model import Model
from models.sync.job import OPERATORS


class SyncSchedule(Model, name="sync.schedule", label="Scheduled Job"):
    """A job that is added to the outbox whenever its time has come, unless the last one is still unfinished."""

    access = (Access(read=OPERATORS),)
    company = "own"
    keys = (Key(("company_id", "name"), "A schedule with this name exists already."),)
    indexes = (Index(("next_at",), where="active"),)

    name = fields.Char("Name", required=True)
    kind = fields.Char("Kind", size=64, required=True)
    args = fields.Json("Arguments")
    seconds = fields.Integer("Interval in Seconds", required=True, minimum=1)
    next_at = fields.DateTime("Next Time", required=True, default=lambda env: env.now)
    last_at = fields.DateTime("Last Time")
    runs = fields.Integer("Runs", big=True, required=True, default=0)
    active = fields.Boolean("Active", default=True)
