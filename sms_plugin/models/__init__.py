"""The plugin's tables, and nothing that decides."""

from sms_plugin.models.base import Base, Instant, first_id, new_id
from sms_plugin.models.clock import database_now
from sms_plugin.models.configuration import Change, Mark, OptOut, Provider, Template, TriggerRow
from sms_plugin.models.message import Attempt, Event, Lease, Message, Receipt
from sms_plugin.models.running import Job, Runner, Tally

__all__ = [
    "Attempt",
    "Base",
    "Change",
    "Event",
    "Instant",
    "Job",
    "Lease",
    "Mark",
    "Message",
    "OptOut",
    "Provider",
    "Receipt",
    "Runner",
    "Tally",
    "Template",
    "TriggerRow",
    "database_now",
    "first_id",
    "new_id",
]
