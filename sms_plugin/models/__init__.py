"""The plugin's tables, and nothing that decides."""

from sms_plugin.models.base import Base, Instant, first_id, new_id, random_ids
from sms_plugin.models.batch import Batch, BatchRecipient, BatchRow, Group, GroupMember
from sms_plugin.models.clock import database_now
from sms_plugin.models.configuration import (
    Access,
    Change,
    Consent,
    Mark,
    OptOut,
    Provider,
    Spend,
    Surge,
    Template,
    TriggerRow,
    Volume,
    Wording,
)
from sms_plugin.models.message import Attempt, Event, Gathered, Lease, Message, Receipt
from sms_plugin.models.running import Day, Job, Pace, Runner, Tally

__all__ = [
    "Access",
    "Attempt",
    "Base",
    "Batch",
    "BatchRecipient",
    "BatchRow",
    "Change",
    "Consent",
    "Day",
    "Event",
    "Gathered",
    "Group",
    "GroupMember",
    "Instant",
    "Job",
    "Lease",
    "Mark",
    "Message",
    "OptOut",
    "Pace",
    "Provider",
    "Receipt",
    "Runner",
    "Spend",
    "Surge",
    "Tally",
    "Template",
    "TriggerRow",
    "Volume",
    "Wording",
    "database_now",
    "first_id",
    "new_id",
    "random_ids",
]
