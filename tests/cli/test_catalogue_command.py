"""``flask sms catalog`` tells what ships and what this portal has of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from click.testing import Result

from sms_plugin import Entity, Person, Section
from sms_plugin.cli import sms
from sms_plugin.cli.group import SmsGroup
from tests.portal import Portal, make_portal
from tests.portal.models import Client


def run(portal: Portal, *arguments: str) -> Result:
    assert isinstance(sms, SmsGroup)
    return portal.app.test_cli_runner().invoke(sms, arguments, catch_exceptions=False)


def shown(portal: Portal) -> dict[str, list[dict[str, Any]]]:
    found: dict[str, list[dict[str, Any]]] = json.loads(run(portal, "catalog", "--json").output)
    return found


@pytest.fixture
def triggers(portal: Portal) -> dict[str, dict[str, Any]]:
    return {each["key"]: each for each in shown(portal)["triggers"]}


@pytest.fixture
def shortcodes(portal: Portal) -> dict[str, dict[str, Any]]:
    return {each["name"]: each for each in shown(portal)["shortcodes"]}


def test_every_trigger_says_what_fires_it_here(triggers: dict[str, dict[str, Any]]) -> None:
    kinds = {
        "charge_created": ["created", "hand"],
        "charge_due_soon": ["date", "hand"],
        "birthday_greeting": ["hand", "yearly"],
        "invoice_payment_recorded": ["hand", "signal"],
        "task_followed": ["added", "hand"],
        "seat_confirmed": ["changed", "hand"],
        "repair_completed": [],
    }
    assert {key: triggers[key]["hooks"] for key in kinds} == kinds
    assert sum(each["shipped"] for each in triggers.values()) == 29
    assert not triggers["task_followed"]["shipped"]


def test_a_trigger_is_told_whole(triggers: dict[str, dict[str, Any]]) -> None:
    told = triggers["meeting_reminder"]
    assert (told["section"], told["audience"], told["purpose"], told["quiet"]) == (
        "meeting",
        "participant",
        "service",
        "forward",
    )
    assert [set(told[name]) for name in ("label", "help", "text")] == [{"en", "pt", "uk"}] * 3


def test_every_shortcode_says_whether_this_portal_maps_it(shortcodes: dict[str, dict[str, Any]]) -> None:
    mapped = {name for name, each in shortcodes.items() if each["mapped"]}
    assert {"invoice_number", "company_name", "optout_link", "invoice_note"} <= mapped
    assert {"CLI_PASS", "contract_items", "COB_DATE_VENC_M"} & mapped == set()
    assert shortcodes["COB_DATE_VENC_M"]["label"]["pt"] == "Mês de vencimento"
    assert (shortcodes["COB_DATE_VENC_M"]["section"], shortcodes["COB_DATE_VENC_M"]["form"]) == ("invoice", "month")
    assert (shortcodes["invoice_note"]["section"], shortcodes["invoice_note"]["label"]) == ("invoice", {})


def test_the_sensitive_are_marked(portal: Portal, shortcodes: dict[str, dict[str, Any]]) -> None:
    assert shortcodes["CLI_PASS"]["sensitive"]
    assert not shortcodes["CLI_NAME"]["sensitive"]
    assert "    ! {CLI_PASS}  Password of the client's area\n" in run(portal, "catalog").output


def test_a_password_is_offered_only_where_the_host_maps_it(portal: Portal, database_url: str) -> None:
    """M10."""
    assert "CLI_PASS" not in portal.state.registry.reachable_in("clients")
    keeps = make_portal(
        database_url,
        Entity(
            Client, "clients", person=Person(name="name", phones="phone"), shortcodes={"CLI_PASS": lambda client: "123"}
        ),
    )
    with keeps.app.app_context():
        assert "CLI_PASS" in keeps.state.registry.reachable_in("clients")
        assert next(each["mapped"] for each in shown(keeps)["shortcodes"] if each["name"] == "CLI_PASS")


def test_it_is_readable_in_the_portals_language(database_url: str) -> None:
    portal = make_portal(database_url, Section("company", {"company_name": lambda: "Acme"}), SMS_LANGUAGE="pt")
    told = run(portal, "catalog").output
    assert "  repair_completed  (repair to client)  nothing\n      Reparação concluída\n" in told
    assert "   *  {company_name}  Nome da empresa\n" in told
    assert "      {invoice_total}  Total\n" in told
