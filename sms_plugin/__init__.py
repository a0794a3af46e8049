"""SMS for Flask-Admin portals: a change in the portal becomes a delivered text message, once."""

from sms_plugin._version import __version__
from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.host.entity import Debt, Entity, Filter, Hook, Person, Section, Trigger, link, money
from sms_plugin.host.when import added, after, at, before, changed, created, on, signal, yearly
from sms_plugin.models.names import include_name
from sms_plugin.plugin import SMS
from sms_plugin.web.records import SMSRecord
from sms_plugin.web.ticking import counted

__all__ = [
    "SMS",
    "ConfigurationError",
    "Debt",
    "Entity",
    "Filter",
    "Hook",
    "Person",
    "SMSRecord",
    "Section",
    "SmsError",
    "Trigger",
    "__version__",
    "added",
    "after",
    "at",
    "before",
    "changed",
    "counted",
    "created",
    "include_name",
    "link",
    "money",
    "on",
    "signal",
    "yearly",
]
