"""The providers: what the admin sets up, tests and activates (P13–P17)."""

from __future__ import annotations

from sms_plugin.models import Provider
from sms_plugin.web.permissions import Right
from sms_plugin.web.rows import Rows
from sms_plugin.web.translation import lazy_gettext


class ProviderPages(Rows):
    """The accounts that messages go through."""

    page = "provider"
    title = lazy_gettext("Providers")
    icon = "fa-plug"
    right = Right.CONFIGURE
    table = Provider
    order = ("name",)
    descending = False
    empty = lazy_gettext("No provider yet. Add the account that your messages shall go through.")
    column_list = ("name", "kind", "active", "changed_at")
