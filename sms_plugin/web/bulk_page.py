"""What the pages of sends to many share: who may, which send is meant, and how it is told that there is none (X12)."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from flask import flash, redirect, request
from flask.typing import ResponseReturnValue

from sms_plugin.models import Batch
from sms_plugin.text.phones import mask
from sms_plugin.web.base import Page
from sms_plugin.web.bulk_sources import entity_label
from sms_plugin.web.permissions import Right
from sms_plugin.web.translation import gettext, lazy_gettext

#: So many bytes of a form are read: ten thousand numbers, pasted, are far less.
MOST_TYPED = 8_000_000
#: So long recipients are looked for while the operator waits, in seconds, a page of them at least; a job goes on.
AT_ONCE = 0.3


class BulkPage(Page):
    """A page about sends to many. Whoever may read sees them; whoever may send or approve them acts on them."""

    page = "bulk"
    title = lazy_gettext("Sends to many")
    icon = "fa-bullhorn"
    right: ClassVar[Right] = Right.READ
    scripts = ("wording.js", "conditions.js", "bulk.js")

    def is_accessible(self) -> bool:
        """Whether the current user may look at them, make them, or approve them."""
        return any(self.may(right) for right in (Right.READ, Right.BULK, Right.APPROVE))

    def render(self, template: str, **values: Any) -> str:
        """The template; a record is told with what the host calls its kind."""
        return super().render(template, entity_name=self._entity_name, **values)

    def _entity_name(self, key: str) -> str:
        entity = self.state.registry.entities.get(key)
        return key if entity is None else entity_label(entity, admin=self.admin)

    def refused(self, right: Right) -> ResponseReturnValue:
        """The page that says that one may not."""
        return self.tell("refused", right=right, no_rule=False), 403

    def batch(self) -> Batch | None:
        """The send that the request means, as it stands now; None where there is none."""
        request.max_form_memory_size = MOST_TYPED  # the form is read here first
        try:
            id = UUID(request.values.get("id", ""))
        except ValueError:
            return None
        return self.state.db.session.get(Batch, id, populate_existing=True)

    def version(self) -> int:
        """Which version of it the person looked at; one that never was where the form does not say."""
        given = request.values.get("version", "")
        return int(given) if given.isascii() and given.isdecimal() and len(given) < 10 else -1

    def gone(self) -> ResponseReturnValue:
        """The way back where there is no such send."""
        flash(gettext("There is no such send, or it is not there any more."), "warning")
        back: str = self.get_url(".index_view")
        return redirect(back)

    def number(self, number: str | None) -> str:
        """A number whole for whoever may send, masked for whoever may only look (X23)."""
        if not number:
            return ""
        return number if self.sees_numbers() else mask(number)

    def sees_numbers(self) -> bool:
        """Whether the current user may see numbers whole (X23)."""
        return self.may(Right.SEND) or self.may(Right.BULK)

    def to_look(self, id: UUID) -> ResponseReturnValue:
        """The way to the page of one send."""
        url: str = self.get_url(".look_view", id=id)
        return redirect(url)
