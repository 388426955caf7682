"""What goes on about a record beside its values, as Odoo's clients know it: followers, comments, activities, changes.

`Thread` and `Planning` add to every model with chatter. No mail is sent.
"""

from models.mail.activity import Activity
from models.mail.activity_type import TYPES, ActivityType
from models.mail.followers import Followers
from models.mail.insiders import FollowedUser
from models.mail.planning import Planning
from models.mail.subtype import SUBTYPES, MessageSubtype
from models.mail.talking import AddressedMessage
from models.mail.thread import Thread
from models.mail.tracking import TrackedMessage, TrackingValue
from models.orm import Group, Model
from models.orm.data import Datum

MODELS: tuple[type[Model], ...] = (
    Followers,
    ActivityType,
    Activity,
    MessageSubtype,
    TrackingValue,
    TrackedMessage,
    AddressedMessage,
    Thread,
    FollowedUser,
    Planning,
)
GROUPS: tuple[Group, ...] = ()
DATA: tuple[Datum, ...] = TYPES + SUBTYPES
