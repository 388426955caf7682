"""Who follows a user: the followers of the partner that stands for the same person."""

from models.mail.thread import Thread
from models.orm import borrows
from models.party.insiders import PartnerUser


@borrows("partner_id", Thread, "message_follower_ids", "message_partner_ids", "message_is_follower")
class FollowedUser(PartnerUser, name="res.users"):
    """A user, and who takes part in what happens to the user's partner."""
