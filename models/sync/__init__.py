"""The outbox: what a deployment does after a transaction, first of all telling the other side of a hand-over.

`outbox.py` adds jobs, `handler.py` says how a kind of job is done, `queue.py` has the worker's statements, `job.py`
what operators see. `secrets.py` and `address.py` guard the credentials of the other side and where they may be sent.
"""

from models.orm.data import Datum
from models.orm.declare import Group
from models.orm.model import Model
from models.sync.attempt import SyncAttempt
from models.sync.housekeeping import Cleaner, Housekeeping, clean_jobs
from models.sync.job import SyncJob
from models.sync.remote import SyncLane, SyncRemote
from models.sync.schedule import SyncSchedule

MODELS: tuple[type[Model], ...] = (SyncLane, SyncRemote, SyncSchedule, SyncJob, SyncAttempt)
GROUPS: tuple[Group, ...] = (Group("sync.manager", "Outbox Operator", area="sync"),)
DATA: tuple[Datum, ...] = (
    Datum(
        "sync.schedule_housekeeping",
        "sync.schedule",
        {"name": "Housekeeping", "kind": Housekeeping.kind, "seconds": 3600},
    ),
)
CLEANERS: tuple[Cleaner, ...] = (clean_jobs,)
