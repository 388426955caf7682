"""What became of each try to send a message, kept as long as the message itself."""

from models.orm import fields
from models.orm.declare import Access
from models.orm.model import Model
from models.sync.job import OPERATORS
from models.sync.outcome import Verdict


class SyncAttempt(Model, name="sync.attempt", label="Outbox Attempt"):
    """One try of a job that goes to another server, written with the statement that ends it."""

    access = (Access(read=OPERATORS),)
    company = "own"
    order = "id desc"
    label_field = "verdict"

    job_id = fields.Many2One("Job", "sync.job", required=True, on_delete="cascade")
    number = fields.Integer("Number", required=True, aggregate="", help="The first try is 1, resending goes on.")
    ended_at = fields.DateTime("Ended", required=True)
    verdict = fields.Selection("Outcome", [(one.value, one.name.capitalize()) for one in Verdict], required=True)
    error = fields.Text("Error", help="Without credentials, at most 500 characters.")
