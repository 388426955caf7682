"""What the two lead models share: the pipeline rule, the reasons of a loss, calls, connections to the other side."""

from models.crm.behind import look_at_connections
from models.crm.connection import ConnectionTest
from models.orm.data import Datum
from models.orm.declare import Group
from models.orm.model import Model
from models.sync.diagnosis import Look
from models.sync.handler import AnyHandler

MODELS: tuple[type[Model], ...] = ()
GROUPS: tuple[Group, ...] = ()
DATA: tuple[Datum, ...] = ()
HANDLERS: tuple[AnyHandler, ...] = (ConnectionTest(),)
CHECKS: tuple[Look, ...] = (look_at_connections,)
