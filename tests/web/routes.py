"""Every route of the plugin, as somebody at the pages meets it: what names a real thing there, and who may go there."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from flask import Flask

from sms_plugin.models import Template, TriggerRow
from sms_plugin.web.provider_form import stamp
from tests.web.hosts import hidden
from tests.web.staged import DRAFT, PARCEL, READY, SURGE, WAITING, Stage, Values

RIGHTS = frozenset({"configure", "send", "bulk", "approve", "read", "export"})
CONFIGURE, SEND, READ, EXPORT = (frozenset({right}) for right in ("configure", "send", "read", "export"))
BULK, APPROVE = (frozenset({right}) for right in ("bulk", "approve"))

#: The key of a record of each host's view, by the endpoint of the view.
RECORDS = {"client": "1", "invoice": "1", "parcel": str(PARCEL), "shelf": '["2","left"]', "task": "1", "booking": "1"}
#: The views whose rows are people.
PEOPLE = {"client", "parcel", "shelf"}
#: A number that each of them leads to.
NUMBERS = {"client": "+351912345678", "invoice": "+351912345678"} | dict.fromkeys(
    ("parcel", "shelf", "task", "booking"), "+351912345679"
)


def _nothing(stage: Stage) -> Values:
    return {}


@dataclass(frozen=True, kw_only=True)
class Route:
    """One route by one method. Whoever has all the rights of one of ``needs`` may go there."""

    needs: tuple[frozenset[str], ...]
    query: Callable[[Stage], Values] = _nothing  #: names a real thing
    form: Callable[[Stage], Values] = _nothing  #: a form that holds, but for its token
    writes: bool = False  #: whether that form changes something
    path: Mapping[str, str] = field(default_factory=dict)

    def open_to(self, rights: Collection[str]) -> bool:
        """Whether somebody with these rights may go there."""
        return any(needed <= set(rights) for needed in self.needs)


def _named(name: str, **more: Any) -> Callable[[Stage], Values]:
    return lambda stage: {"name": name, "confirmed": "1", **more}


def _about(**more: str) -> Callable[[Stage], Values]:
    return lambda stage: {"section": "invoice", **more}


def _one(stage: Stage) -> Values:
    return {"id": str(stage.message)}


def _written(stage: Stage) -> Values:
    return {"id": stage.template}


def _grouped(stage: Stage) -> Values:
    return {"id": stage.group}


def _settings(stage: Stage) -> Values:
    return {"setting_base_url": stage.phone.url, "setting_token": stage.phone.token}


def _new_provider(stage: Stage) -> Values:
    return {"name": "another", **_settings(stage)}


def _changed_provider(stage: Stage) -> Values:
    return {"seen": stamp(stage.provider("phone")), **_settings(stage)}


def _new_template(stage: Stage) -> Values:
    return {"name": "Another", "section": "invoice", "text-en": "Pay {invoice_number}", "enabled": "1"}


def _changed_template(stage: Stage) -> Values:
    with stage.portal.app.app_context(), stage.portal.fresh() as session:
        at = session.get_one(Template, stage.template).changed_at
    return {**_new_template(stage), "name": "Due again", "seen": at.isoformat()}


def _changed_trigger(stage: Stage) -> Values:
    with stage.portal.app.app_context(), stage.portal.fresh() as session:
        at = session.get_one(TriggerRow, "charge_created").changed_at
    return {"text-en": "New: {invoice_number}", "seen": at.isoformat(), "hour": "9"}


def _chosen(stage: Stage) -> Values:
    return {"choice": "cancel", "rowid": str(stage.waiting), "confirmed": "1"}


def _shown(view: str, *, selected: bool) -> Callable[[Stage], Values]:
    """Words of one's own to a record, as they were shown to somebody who may send; empty where nobody can be texted."""
    key = RECORDS[view]
    path = f"/admin/{view}/sms/send-selected/" if selected else f"/admin/{view}/sms/send/"

    def form(stage: Stage) -> Values:
        before, asked = set(stage.rights), {"what": "words", "text": "Hello", "record": key}
        stage.may(RIGHTS)
        page = stage.send(path, method="POST", query={}, form={**asked, "step": "look"}, token=True).text
        stage.may(before)
        if 'name="shown"' not in page:
            return asked
        kept = {name: hidden(page, name) for name in ("once", "shown", "number")}
        return {**asked, **kept, "step": "send"}

    return form


def _stock(page: str, right: frozenset[str]) -> dict[str, Route]:
    """What Flask-Admin gives every list; the plugin's have none of it open."""
    return {
        f"GET sms_{page}.ajax_lookup": Route(needs=(right,), query=lambda stage: {"name": "x", "query": "x"}),
        f"POST sms_{page}.ajax_update": Route(needs=(right,), form=lambda stage: {"list_form_pk": "1", "name": "x"}),
        f"GET sms_{page}.details_view": Route(needs=(right,), query=lambda stage: {"id": "1"}),
        f"GET sms_{page}.export": Route(needs=(right,), path={"export_type": "csv"}),
        f"POST sms_{page}.action_view": Route(
            needs=(right,), form=lambda stage: {"action": "delete", "rowid": "1", "confirmed": "1"}
        ),
    }


def _on_host(view: str) -> dict[str, Route]:
    """What the mixin adds to a host's view."""
    record = {"record": RECORDS[view]}
    return {
        f"GET {view}.sms_history_view": Route(needs=(READ,), query=lambda stage: record),
        f"GET {view}.sms_print_view": Route(needs=(READ,), query=lambda stage: record),
        f"GET {view}.sms_export_view": Route(needs=(EXPORT,), query=lambda stage: record),
        f"GET {view}.sms_consent_view": Route(needs=(SEND,), query=lambda stage: record),
        f"POST {view}.sms_consent_view": Route(
            needs=(SEND,),
            query=lambda stage: record,
            form=lambda stage: {"ask": "stop:", "number": NUMBERS[view]},
            writes=True,
        ),
        f"GET {view}.sms_send_view": Route(needs=(SEND,), query=lambda stage: record),
        f"POST {view}.sms_send_view": Route(needs=(SEND,), form=_shown(view, selected=False), writes=True),
        f"POST {view}.sms_look_view": Route(
            needs=(SEND,), form=lambda stage: {**record, "what": "words", "text": "Hello"}
        ),
        f"POST {view}.sms_send_selected_view": Route(needs=(SEND,), form=_shown(view, selected=True), writes=True),
        f"GET {view}.sms_group_view": Route(needs=(BULK,), query=lambda stage: record),
        f"POST {view}.sms_group_view": Route(
            needs=(BULK,),
            form=lambda stage: {"record": RECORDS[view], "group": stage.group},
            writes=view in PEOPLE,
        ),
    }


#: A message of somebody's own to a number.
BY_HAND = {"to": "+351912345678", "what": "words", "text": "Hello", "once": "0" * 32, "sure": "1"}

#: What needs no right: files; receipts and replies, which are signed; the page that a text's link names.
OPEN = {
    "sms_files.static",
    "sms_webhooks.receipts",
    "sms_webhooks.inbound",
    "sms_optout.static",
    "sms_optout.page",
}

ROUTES: Mapping[str, Route] = {
    "GET sms_overview.index_view": Route(needs=(READ,)),
    "POST sms_overview.steps_view": Route(needs=(READ,)),
    "GET sms_individual.index_view": Route(needs=(SEND,), query=lambda stage: {"to": "Ana"}),
    "POST sms_individual.index_view": Route(needs=(SEND,), form=lambda stage: {**BY_HAND, "step": "send"}, writes=True),
    "POST sms_individual.people_view": Route(needs=(SEND,), form=lambda stage: {"to": "Ana"}),
    "POST sms_individual.look_view": Route(needs=(SEND,), form=lambda stage: BY_HAND),
    "GET sms_express.index_view": Route(needs=(SEND,)),
    "POST sms_express.send_view": Route(needs=(SEND,), form=lambda stage: BY_HAND, writes=True),
    "GET sms_queue.index_view": Route(needs=(READ,)),
    "GET sms_message.index_view": Route(needs=(READ,)),
    "GET sms_message.export_view": Route(needs=(READ | EXPORT,), query=lambda stage: {"number": "+351912345678"}),
    "GET sms_message.details_view": Route(needs=(READ,), query=_one),
    "POST sms_message.choose_view": Route(needs=(READ | SEND,), form=_chosen, writes=True),
    "POST sms_queue.let_go_view": Route(needs=(READ | SEND,), writes=True),
    "GET sms_surge.index_view": Route(needs=(READ,)),
    "GET sms_surge.look_view": Route(needs=(READ,), query=lambda stage: {"id": str(SURGE)}),
    "POST sms_surge.decide_view": Route(
        needs=(READ | SEND,),
        form=lambda stage: {"id": str(SURGE), "choice": "approve", "confirmed": "1"},
        writes=True,
    ),
    "GET sms_change.index_view": Route(needs=(READ, CONFIGURE)),
    "GET sms_change.looks_view": Route(needs=(CONFIGURE,)),
    "GET sms_print.index_view": Route(needs=(READ,), query=lambda stage: {"number": "+351912345678"}),
    "GET sms_history.index_view": Route(needs=(READ,), query=lambda stage: {"number": "+351912345678"}),
    "POST sms_history.reply_view": Route(
        needs=(READ | SEND,), form=lambda stage: {"number": "+351912345678", "text": "Yes", "once": "1"}, writes=True
    ),
    "GET sms_history.export_view": Route(needs=(READ | EXPORT,), query=lambda stage: {"number": "+351912345678"}),
    "GET sms_group.index_view": Route(needs=(READ,)),
    "GET sms_group.create_view": Route(needs=(READ | BULK,), query=lambda stage: {"of": "fixed"}),
    "POST sms_group.create_view": Route(
        needs=(READ | BULK,), query=lambda stage: {"of": "fixed"}, form=lambda stage: {"name": "Another"}, writes=True
    ),
    "GET sms_group.edit_view": Route(needs=(READ,), query=_grouped),
    "POST sms_group.edit_view": Route(
        needs=(READ | BULK,), query=_grouped, form=lambda stage: {"name": "Regulars"}, writes=True
    ),
    "POST sms_group.members_view": Route(
        needs=(READ | BULK,),
        form=lambda stage: {"id": stage.group, "do": "add", "ref": "clients/Client|1"},
        writes=True,
    ),
    "POST sms_group.delete_view": Route(
        needs=(READ | BULK,), form=lambda stage: {"id": stage.group, "confirmed": "1"}, writes=True
    ),
    **_stock("group", READ),
    "GET sms_bulk.index_view": Route(needs=(READ, BULK, APPROVE)),
    "GET sms_bulk.look_view": Route(needs=(READ, BULK, APPROVE), query=lambda stage: {"id": str(READY)}),
    "GET sms_bulk.standing_view": Route(needs=(READ, BULK, APPROVE), query=lambda stage: {"id": str(WAITING)}),
    "GET sms_bulk.create_view": Route(needs=(BULK,)),
    "POST sms_bulk.create_view": Route(
        needs=(BULK,), form=lambda stage: {"name": "New", "do": "draft", "once": "1" * 32}, writes=True
    ),
    "GET sms_bulk.edit_view": Route(needs=(BULK,), query=lambda stage: {"id": str(DRAFT)}),
    "POST sms_bulk.edit_view": Route(
        needs=(BULK,),
        query=lambda stage: {"id": str(DRAFT)},
        form=lambda stage: {"name": "Other", "do": "draft", "version": "0"},
        writes=True,
    ),
    "POST sms_bulk.people_view": Route(needs=(BULK,), form=lambda stage: {"words": "Ana"}),
    "POST sms_bulk.measure_view": Route(needs=(BULK,), form=lambda stage: {"text-en": "Hi"}),
    "POST sms_bulk.confirm_view": Route(
        needs=(BULK,), form=lambda stage: {"id": str(READY), "version": "0", "count": "1"}, writes=True
    ),
    "POST sms_bulk.remove_view": Route(
        needs=(BULK,), form=lambda stage: {"id": str(READY), "version": "0", "recipient": "1"}, writes=True
    ),
    "POST sms_bulk.to_me_view": Route(
        needs=(BULK,),
        form=lambda stage: {"id": str(READY), "version": "0", "number": "912345678", "once": "2" * 32},
        writes=True,
    ),
    "GET sms_bulk.add_view": Route(needs=(BULK,), query=lambda stage: {"id": str(READY)}),
    "POST sms_bulk.add_view": Route(
        needs=(BULK,),
        query=lambda stage: {"id": str(READY)},
        form=lambda stage: {"version": "0", "do": "build", "s0-kind": "numbers", "s0-text": "913333333"},
        writes=True,
    ),
    "POST sms_bulk.decide_view": Route(
        needs=(APPROVE,),
        form=lambda stage: {"id": str(WAITING), "version": "0", "choice": "approve", "confirmed": "1"},
        writes=True,
    ),
    "GET sms_forecast.index_view": Route(
        needs=(READ,), query=lambda stage: {"trigger": "charge_due_soon", "days": "3"}
    ),
    "GET sms_forecast.record_view": Route(
        needs=(READ | CONFIGURE,), query=lambda stage: {"kind": "invoice/Invoice", "record": "invoice/Invoice|1"}
    ),
    "GET sms_explain.index_view": Route(needs=(READ,), query=lambda stage: {"number": "+351912345678"}),
    "GET sms_trigger.index_view": Route(needs=(CONFIGURE, READ)),
    "GET sms_trigger.edit_view": Route(needs=(CONFIGURE, READ), query=lambda stage: {"key": "charge_created"}),
    "POST sms_trigger.edit_view": Route(
        needs=(CONFIGURE,), query=lambda stage: {"key": "charge_created"}, form=_changed_trigger, writes=True
    ),
    "POST sms_trigger.switch_view": Route(
        needs=(CONFIGURE,), form=lambda stage: {"key": "charge_due_soon", "on": "1", "confirmed": "1"}, writes=True
    ),
    "GET sms_trigger.skipped_view": Route(
        needs=(READ | SEND, CONFIGURE | SEND), query=lambda stage: {"key": "charge_due_soon"}
    ),
    "POST sms_trigger.skipped_view": Route(
        needs=(READ | SEND, CONFIGURE | SEND), query=lambda stage: {"key": "charge_due_soon"}
    ),
    "GET sms_template.index_view": Route(needs=(CONFIGURE,)),
    "GET sms_template.create_view": Route(needs=(CONFIGURE,)),
    "POST sms_template.create_view": Route(needs=(CONFIGURE,), form=_new_template, writes=True),
    "GET sms_template.edit_view": Route(needs=(CONFIGURE,), query=_written),
    "POST sms_template.edit_view": Route(needs=(CONFIGURE,), query=_written, form=_changed_template, writes=True),
    "POST sms_template.delete_view": Route(
        needs=(CONFIGURE,), form=lambda stage: {"id": stage.unused, "confirmed": "1"}, writes=True
    ),
    **_stock("template", CONFIGURE),
    "GET sms_provider.index_view": Route(needs=(CONFIGURE,)),
    "GET sms_provider.create_view": Route(needs=(CONFIGURE,), query=lambda stage: {"kind": "phone"}),
    "POST sms_provider.create_view": Route(
        needs=(CONFIGURE,), query=lambda stage: {"kind": "phone"}, form=_new_provider, writes=True
    ),
    "GET sms_provider.edit_view": Route(needs=(CONFIGURE,), query=_named("phone")),
    "POST sms_provider.edit_view": Route(
        needs=(CONFIGURE,), query=lambda stage: {"name": "phone"}, form=_changed_provider, writes=True
    ),
    "POST sms_provider.activate": Route(needs=(CONFIGURE,), form=_named("spare"), writes=True),
    "POST sms_provider.deactivate": Route(needs=(CONFIGURE,), form=_named("phone"), writes=True),
    "POST sms_provider.resume": Route(needs=(CONFIGURE,), form=_named("stopped"), writes=True),
    "POST sms_provider.standby": Route(needs=(CONFIGURE,), form=_named("spare"), writes=True),
    "POST sms_provider.no_standby": Route(needs=(CONFIGURE,), form=_named("spare"), writes=True),
    "POST sms_provider.rate": Route(needs=(CONFIGURE,), form=_named("phone", count="5", seconds="7"), writes=True),
    "POST sms_provider.money": Route(
        needs=(CONFIGURE,), form=_named("phone", currency="EUR", prices="* 0.05", budget_day="5"), writes=True
    ),
    "POST sms_provider.delete_view": Route(needs=(CONFIGURE,), form=_named("unused"), writes=True),
    "POST sms_provider.connect": Route(needs=(CONFIGURE,), form=_named("phone"), writes=True),
    "POST sms_provider.try_out": Route(
        needs=(CONFIGURE,), form=_named("phone", to="912 345 678", text="A test"), writes=True
    ),
    **_stock("provider", CONFIGURE),
    "POST sms_measure.index_view": Route(needs=(CONFIGURE,), form=lambda stage: {"section": "invoice", "text": "Olá"}),
    "POST sms_measure.records_view": Route(needs=(CONFIGURE,), form=lambda stage: {"section": "invoice", "words": "F"}),
    **{name: route for view in RECORDS for name, route in _on_host(view).items()},
}


def patterns(app: Flask) -> dict[str, str]:
    """Every route of the plugin that asks for a right, by method and endpoint, with the pattern of its address."""
    return {
        f"{method} {rule.endpoint}": rule.rule
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if rule.endpoint.startswith("sms") or rule.endpoint.partition(".")[2].startswith("sms_")
        if rule.endpoint not in OPEN
    }


def address(pattern: str, route: Route) -> str:
    """The address of a route, with what stands in its path."""
    for name, value in route.path.items():
        pattern = pattern.replace(f"<{name}>", value)
    return pattern
