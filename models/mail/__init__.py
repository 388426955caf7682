"""What goes on about a record beside its values: followers, comments and activities, as Odoo's clients know them.

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
from models.orm import Group, Model
from models.orm.data import Datum

MODELS: tuple[type[Model], ...] = (
    Followers,
    ActivityType,
    Activity,
    MessageSubtype,
    AddressedMessage,
    Thread,
    FollowedUser,
    Planning,
)
GROUPS: tuple[Group, ...] = ()
DATA: tuple[Datum, ...] = TYPES + SUBTYPES
