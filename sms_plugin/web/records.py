"""SMS on the host's own pages: on rows and records of a view, by one mixin and no template of the host's (S9, Q4)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask import abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_admin import Admin, expose
from flask_admin.actions import action
from flask_admin.contrib.sqla import ModelView
from flask_admin.tools import iterdecode
from sqlalchemy.orm import Session

from sms_plugin.errors import SmsError
from sms_plugin.host.identity import RecordRef, key_of, key_text
from sms_plugin.host.search import label_of, load
from sms_plugin.outbox.accesses import Deed
from sms_plugin.outbox.history import about_record
from sms_plugin.outbox.unfed import Unfed, of_record
from sms_plugin.state import State
from sms_plugin.web import consents, translation
from sms_plugin.web.base import shared_script, static_url
from sms_plugin.web.export import download, layout_from
from sms_plugin.web.forms import has_token, token_field
from sms_plugin.web.history import conversation, narrowing, waiting_for
from sms_plugin.web.looks import looked, taken
from sms_plugin.web.moments import moment
from sms_plugin.web.panel import panel
from sms_plugin.web.permissions import Right, actor, allowed
from sms_plugin.web.printing import paper
from sms_plugin.web.reach import Ground, explain_url, ground_of, reached
from sms_plugin.web.record_grouping import Grouping
from sms_plugin.web.record_sending import Icon, back, looking, sending_page
from sms_plugin.web.send import MOST, Asked, asked
from sms_plugin.web.ticking import Ticking
from sms_plugin.web.to_come import ToCome
from sms_plugin.web.told import told_in_words
from sms_plugin.web.translation import gettext, in_words, lazy_gettext


class SMSRecord(Grouping, Ticking):
    """Mixed into a host's view, before its base: ``class ClientAdmin(SMSRecord, ModelView)``.

    Rows get "Send SMS" and "SMS history", selected rows "Send SMS" and, where they are people, "Add to an SMS group"
    (``Grouping``), the details and the edit page a panel with the latest messages and a line to answer in. With
    ``sms_tick`` its forms take a message along, too (``Ticking``). The view's own actions, templates, query and rules
    stay: what it would not show is not reached.
    For a model of no declared entity, and where the plugin is not mounted, nothing is added.
    """

    model: Any
    admin: Admin | None
    endpoint: str
    get_url: Callable[..., str]

    def get_list_row_actions(self) -> list[Any]:
        """The view's own, then ours."""
        own: list[Any] = super().get_list_row_actions()  # type: ignore[misc]
        if self.sms_ground() is None:
            return own
        history = {"icon": "fa-comments-o", "endpoint": ".sms_history_view", "right": Right.READ}
        send = {"icon": "fa-paper-plane-o", "endpoint": ".sms_send_view", "right": Right.SEND}
        return [
            *own,
            Icon(gettext("Send SMS"), view=self, **send),  # type: ignore[arg-type]
            Icon(gettext("SMS history"), view=self, **history),  # type: ignore[arg-type]
        ]

    def is_action_allowed(self, name: str) -> bool:
        """As the view says; ours to those who may send."""
        if name == "sms_send" and (self.sms_ground() is None or not self.sms_may(Right.SEND)):
            return False
        permitted: bool = super().is_action_allowed(name)
        return permitted

    @action("sms_send", lazy_gettext("Send SMS"))
    @told_in_words
    def sms_send_action(self, ids: list[str]) -> ResponseReturnValue | None:
        """Show what can be sent to the selected rows. Nothing is sent by it."""
        if len(ids) > MOST:
            flash(gettext("At most %(most)s rows can be texted at once: choose fewer.", most=MOST), "warning")
            return None
        keys = [key_text(iterdecode(each)) for each in ids]
        return sending_page(self, keys, Asked(), single=False)

    @expose("/sms/")
    @told_in_words
    def sms_history_view(self) -> ResponseReturnValue:
        """The conversation with a person, or what a record caused."""
        ground, record = self._sms_record(Right.READ)
        selection = about_record(record, registry=ground.state.registry)
        key = key_of(record)
        of, heading = f"{ground.entity.key} {key}", label_of(record, ground.entity)
        shown = conversation(selection, of=of, asked=narrowing(), state=ground.state)
        looked(ground.state, about=RecordRef(entity=ground.entity.key, key=key))
        may_export, may_send = self.sms_may(Right.EXPORT), self.sms_may(Right.SEND)
        return self.sms_render(
            "sms/conversation.html",
            heading=heading,
            is_person=ground.entity.person is not None,
            back_url=back(self),
            form_fields={"record": key},
            export_url=self.get_url(".sms_export_view") if may_export else None,
            print_url=self.get_url(".sms_print_view", record=key, **shown["asked"].given),
            send_url=self.get_url(".sms_send_view", record=key) if may_send else None,
            look_url=self.get_url(".sms_look_view"),
            consent_url=self.get_url(".sms_consent_view", record=key) if may_send else None,
            explain_url=explain_url(ground.entity, key, admin=self.admin),
            to_come=self._sms_to_come(ground, key),
            key=key,
            **shown,
        )

    @expose("/sms/print/")
    @told_in_words
    def sms_print_view(self) -> ResponseReturnValue:
        """The conversation on paper."""
        ground, record = self._sms_record(Right.READ)
        key, asked, heading = key_of(record), narrowing(), label_of(record, ground.entity)
        selection = about_record(record, registry=ground.state.registry)
        ref = RecordRef(entity=ground.entity.key, key=key)
        taken(ground.state, Deed.PRINTED, about=ref, filters=asked.given)
        values = paper(selection, of=f"{ref.entity} {key}", asked=asked, state=ground.state)
        back = self.get_url(".sms_history_view", record=key, **asked.given)
        may_full = self.sms_may(Right.SEND)
        return self.sms_render("sms/print.html", heading=heading, back_url=back, may_full=may_full, **values)

    @expose("/sms/export/")
    @told_in_words
    def sms_export_view(self) -> ResponseReturnValue:
        """The conversation as a file."""
        ground, record = self._sms_record(Right.EXPORT)
        asked = narrowing()
        taken(
            ground.state,
            Deed.EXPORTED,
            about=RecordRef(entity=ground.entity.key, key=key_of(record)),
            filters=asked.given,
        )
        selection = asked.applied(about_record(record, registry=ground.state.registry))
        layout = layout_from(request.args, state=ground.state)
        return download(selection, about=label_of(record, ground.entity), layout=layout)

    @expose("/sms/consent/", methods=("GET", "POST"))
    @told_in_words
    def sms_consent_view(self) -> ResponseReturnValue:
        """What the record's numbers want to be texted about, and the buttons that change it."""
        ground, record = self._sms_record(Right.SEND)
        key, heading = key_of(record), label_of(record, ground.entity)
        here = self.get_url(".sms_consent_view", record=key)
        try:
            if request.method == "POST" and has_token():
                number, ask, who = request.form.get("number", "")[:32], request.form.get("ask", ""), actor()
                changed = consents.change(
                    key, entity=ground.entity, number=number, ask=ask, who=who, state=ground.state
                )
                flash(gettext("Kept.") if changed else gettext("It was so before."), "success" if changed else "info")
                return redirect(here, 303)
            values = consents.shown(key, entity=ground.entity, state=ground.state)
        except SmsError as error:
            flash(in_words(error), "warning")
            values = {"lines": [], "said": []}
        way = self.get_url(".sms_history_view", record=key) if self.sms_may(Right.READ) else back(self)
        return self.sms_render("sms/consents.html", heading=heading, here=here, back_url=way, **values)

    @expose("/sms/send/", methods=("GET", "POST"))
    @told_in_words
    def sms_send_view(self) -> ResponseReturnValue:
        """The form that sends to one record: it asks, shows, and sends by POST only."""
        key = request.values.get("record", "")
        form = asked() if request.method == "POST" and has_token() else Asked()
        return sending_page(self, [key], form, single=True)

    @expose("/sms/look/", methods=("POST",))
    @told_in_words
    def sms_look_view(self) -> ResponseReturnValue:
        """What would become of words about the record, while they are typed: a piece of page."""
        return looking(self, request.form.get("record", ""))

    @expose("/sms/send-selected/", methods=("POST",))
    @told_in_words
    def sms_send_selected_view(self) -> ResponseReturnValue:
        """The form that sends to the selected rows."""
        form = asked() if has_token() else Asked()
        return sending_page(self, request.form.getlist("record")[: MOST + 1], form, single=False)

    def render(self, template: str, **values: Any) -> Any:
        """The view's own page, with the panel where it is about one record."""
        record = values.get("model")
        own = (getattr(self, "details_template", None), getattr(self, "edit_template", None))
        if record is not None and template in own:
            beside = panel(self, record)
            if beside is not None:
                values |= beside | {"sms_panel_base": template}
                template = "sms/panel.html"
        return super().render(template, **values)  # type: ignore[misc]

    def sms_ground(self) -> Ground | None:
        """What the view stands on; None where there is no plugin, no page of it, or no entity of this model."""
        return ground_of(self.model)

    def sms_may(self, right: Right) -> bool:
        """Whether the current user has a right on the plugin's pages."""
        return allowed(right, admin=self.admin)

    def sms_reached(self, keys: Sequence[str]) -> list[Any]:
        """The records with these keys that the view itself would show, in the order of the keys."""
        return reached(self, keys)

    def sms_render(self, template: str, **values: Any) -> str:
        """A page of the plugin in the view's own surroundings."""
        shared = {
            "_": translation.gettext,
            "in_words": translation.in_words,
            "retold": translation.retold,
            "ngettext": translation.ngettext,
            "may": self.sms_may,
            "moment": moment,
            "sms_script": shared_script,
            "sms_static": static_url,
            "token_field": token_field,
            "on_host": True,
        }
        rendered: str = super().render(template, **shared, **values)  # type: ignore[misc]
        return rendered

    def _sms_to_come(self, ground: Ground, key: str) -> list[ToCome]:
        """What sends to many have in store for the record."""

        def find(session: Session) -> Sequence[Unfed]:
            apart = load(session, ground.entity, key)
            return [] if apart is None else of_record(session, apart, state=ground.state)

        return waiting_for(find, state=ground.state)

    def _sms_record(self, right: Right) -> tuple[Ground, Any]:
        """The record that the address names, for somebody who has the right. Aborts with 403 or 404."""
        ground = self.sms_ground()
        if ground is None:
            abort(404)
        if not self.sms_may(right):
            abort(403)
        records = self.sms_reached([request.args.get("record", "")])
        if not records:
            abort(404)
        return ground, records[0]


def record_url(entity: str, key: str, *, admin: Admin | None) -> str | None:
    """The history of a record on the host's own view, where one has it and the current user may see it."""
    for view in [] if admin is None else admin._views:
        ground = view.sms_ground() if isinstance(view, SMSRecord) else None
        if ground is not None and ground.entity.key == entity and view.is_accessible():
            return url_for(f"{view.endpoint}.sms_history_view", record=key)
    return None


def late_mixins(admins: Iterable[Admin]) -> list[str]:
    """The views whose own base comes before the mixin, and so hides it."""
    return [
        type(view).__name__
        for admin in admins
        for view in admin._views
        if isinstance(view, SMSRecord) and not _is_first(type(view))
    ]


def _is_first(view: type[SMSRecord]) -> bool:
    bases = view.__mro__
    return bases.index(SMSRecord) < bases.index(ModelView) if ModelView in bases else True


def undeclared(admins: Iterable[Admin], *, state: State) -> list[str]:
    """The views that have the mixin, but a model of no declared entity: the plugin shows nothing there."""
    return [
        f"{type(view).__name__} ({view.model.__name__})"
        for admin in admins
        for view in admin._views
        if isinstance(view, SMSRecord) and state.resolution.entity_of(view.model) is None
    ]
