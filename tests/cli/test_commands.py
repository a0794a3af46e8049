"""The other commands of ``flask sms``, against a real database and a real gateway."""

from __future__ import annotations

import datetime as dt
import json
from uuid import UUID

import pytest
from click.testing import CliRunner, Result

from sms_plugin import Entity, Hook, Person, created
from sms_plugin.cli.setup import key
from sms_plugin.jobs.runner import ProcessRunner
from sms_plugin.secrets import Vault
from sms_plugin.testing.phone_server import PhoneServer
from tests.portal import Client, Invoice, Portal, make_portal


def run(portal: Portal, *words: str, given: str | None = None) -> Result:
    """What the command printed."""
    return portal.app.test_cli_runner().invoke(args=["sms", *words], input=given)


def told(portal: Portal, *words: str) -> str:
    """The output of a command that must succeed."""
    result = run(portal, *words)
    assert result.exit_code == 0, result.output
    return result.output


def add_phone(portal: Portal, phone: PhoneServer, *more: str) -> str:
    """Add the phone gateway from the command line."""
    return told(
        portal,
        "provider",
        "add",
        "phone",
        "--set",
        f"base_url={phone.url}",
        "--set",
        f"token={phone.token}",
        *more,
    )


def test_upgrade_may_be_run_again(portal: Portal) -> None:
    assert "already" in told(portal, "upgrade")


def test_a_provider_is_added_listed_and_activated(portal: Portal, phone: PhoneServer) -> None:
    assert add_phone(portal, phone) == "phone is saved, not active.\n"
    assert "*" not in told(portal, "provider", "list")
    told(portal, "provider", "activate", "phone")
    assert told(portal, "provider", "list").startswith("* phone")
    assert phone.token not in told(portal, "provider", "list", "--json")


def test_activating_another_provider_deactivates_the_first(portal: Portal, phone: PhoneServer) -> None:
    """P13"""
    add_phone(portal, phone, "--activate")
    add_phone(portal, phone, "--name", "second", "--activate")
    listed = json.loads(told(portal, "provider", "list", "--json"))
    assert {each["name"]: each["active"] for each in listed} == {"phone": False, "second": True}


def test_a_wrong_setting_is_named_and_nothing_is_saved(portal: Portal) -> None:
    result = run(portal, "provider", "add", "phone", "--set", "base_ulr=http://127.0.0.1:1")
    assert result.exit_code == 1
    assert "base_ulr" in result.output
    assert "base_url" in result.output
    assert "No provider yet" in told(portal, "provider", "list")


def test_a_gateway_url_without_destination_is_refused_when_it_is_saved(portal: Portal) -> None:
    """P11"""
    fields = told(portal, "provider", "fields", "generic")
    assert "secret" in fields
    url = "/send?m={m}"
    result = run(
        portal,
        "provider",
        "add",
        "generic",
        "--set",
        f"url={url}",
        "--set",
        "host=127.0.0.1",
        "--set",
        "success=status",
    )
    assert result.exit_code == 1
    assert "{d}" in result.output


def test_an_unknown_gateway_is_answered_with_a_suggestion(portal: Portal) -> None:
    result = run(portal, "provider", "add", "twillio")
    assert "Did you mean 'twilio'?" in result.output


def test_triggers_are_off_until_somebody_switches_them_on(portal: Portal) -> None:
    listed = json.loads(told(portal, "trigger", "list", "--json"))
    assert {each["inactive"] for each in listed} == {"off"}
    told(portal, "trigger", "on", "charge_created")
    assert "on   charge_created  created" in told(portal, "trigger", "list")
    told(portal, "trigger", "off", "charge_created")
    assert "off  charge_created" in told(portal, "trigger", "list")


def test_a_text_that_cannot_be_rendered_is_refused_when_it_is_saved(portal: Portal) -> None:
    """M5"""
    result = run(portal, "trigger", "text", "charge_created", "Pay {invoice_nubmer}")
    assert result.exit_code == 1
    assert "{invoice_nubmer}" in result.output
    assert "invoice_number" in result.output
    unreached = run(portal, "trigger", "text", "charge_created", "Pay {task_name}")
    assert unreached.exit_code == 1


def test_an_empty_text_makes_a_trigger_inactive_and_it_is_shown_so(portal: Portal) -> None:
    for language in ("en", "pt", "uk"):
        told(portal, "trigger", "text", "charge_created", "--language", language, "")
    assert "Its text is empty." in told(portal, "trigger", "on", "charge_created")
    assert "off  charge_created  created  (Its text is empty.)" in told(portal, "trigger", "list")


def test_send_flush_status_and_timeline_tell_a_messages_life(portal: Portal, phone: PhoneServer) -> None:
    """X11"""
    add_phone(portal, phone, "--activate")
    message = told(portal, "send", "912345678", "Hello {not a shortcode}", "--once", "welcome").strip()
    assert told(portal, "send", "912345678", "Hello again", "--once", "welcome").strip() == message
    before = json.loads(told(portal, "status", "--json"))
    assert before["states"]["queued"] == 1
    assert before["oldest_due"] is not None
    assert told(portal, "flush") == "1 sent off, 1 accepted.\n"
    after = json.loads(told(portal, "status", "--json"))
    assert (after["states"]["queued"], after["states"]["sent"]) == (0, 1)
    assert [line["text"] for line in phone.ledger()] == ["Hello {not a shortcode}"]
    steps = json.loads(told(portal, "timeline", message, "--json"))
    assert [(step["what"], step["state"]) for step in steps] == [
        ("decided", ""),
        ("departed", "sending"),
        ("verdict", "accepted"),
        ("stands", "sent"),
    ]


@pytest.mark.parametrize(("number", "word"), [("12", "number"), ("", "number"), ("211234567", "landline")])
def test_what_cannot_be_texted_is_refused_with_a_reason(portal: Portal, number: str, word: str) -> None:
    result = run(portal, "send", number, "Hello")
    assert result.exit_code == 1
    assert word in result.output.lower()


def test_flush_says_why_nothing_goes(portal: Portal) -> None:
    assert "No provider is active" in told(portal, "flush")


def test_sweep_writes_what_is_due(portal: Portal, phone: PhoneServer, ana: Client) -> None:
    add_phone(portal, phone, "--activate")
    now = dt.datetime.now(dt.UTC)
    portal.switch_on("charge_due_today", since=now - dt.timedelta(days=3))
    zone = portal.state.settings.zone
    due = (
        now.astimezone(zone).date()
        if now.astimezone(zone).hour >= 10
        else now.astimezone(zone).date() - dt.timedelta(days=1)
    )
    portal.db.session.add(Invoice(client=ana, due_on=due))
    portal.db.session.commit()
    assert told(portal, "sweep") == "1 message(s) written.\n"
    assert told(portal, "sweep") == "0 message(s) written.\n"


def test_catalog_names_gateways_triggers_and_shortcodes(portal: Portal) -> None:
    found = json.loads(told(portal, "catalog", "--json"))
    gateways = {each["kind"]: each for each in found["gateways"]}
    assert {"twilio", "generic", "console", "phone"} <= gateways.keys()
    assert (
        gateways["twilio"]["capabilities"] | {"longest": 1600, "receipts": True} == gateways["twilio"]["capabilities"]
    )
    assert [kind for kind, each in gateways.items() if not each["capabilities"]["batch_size"]] == []
    assert {each["key"] for each in found["triggers"]} >= {"charge_due_soon", "task_followed"}
    assert {"company_name", "CLI_PASS", "invoice_note"} <= {each["name"] for each in found["shortcodes"]}


def test_measure_reads_json_lines(portal: Portal) -> None:
    texts = ["Hello", "Olá", "a" * 161, "ã" * 71]
    result = run(portal, "measure", given="\n".join(json.dumps(text) for text in texts))
    assert [json.loads(line) for line in result.output.splitlines()] == [
        {"encoding": "GSM-7", "segments": 1},
        {"encoding": "UCS-2", "segments": 1},
        {"encoding": "GSM-7", "segments": 2},
        {"encoding": "UCS-2", "segments": 2},
    ]


def test_measure_names_the_line_that_is_no_json(portal: Portal) -> None:
    result = run(portal, "measure", given='"a"\nb\n')
    assert result.exit_code == 1
    assert "Line 2" in result.output


def test_timeline_of_an_unknown_message_says_so(portal: Portal) -> None:
    result = run(portal, "timeline", str(UUID(int=1)))
    assert result.exit_code == 1
    assert "There is no message" in result.output


def test_a_new_key_opens_a_vault() -> None:

    Vault([CliRunner().invoke(key).output.strip()])


def test_a_held_message_is_found_explained_mended_and_released(portal: Portal, phone: PhoneServer, ana: Client) -> None:
    """Promise 5: held with the reason; and a person can let it go."""
    add_phone(portal, phone, "--activate")
    portal.switch_on("charge_created", text="Hi {contact_firstname}, note: {invoice_note}")
    invoice = Invoice(client=ana)
    portal.db.session.add(invoice)
    portal.db.session.commit()
    assert "1 held: missing_value" in told(portal, "status")
    (held,) = json.loads(told(portal, "message", "list", "--state", "held", "--json"))
    assert "invoice_note" in held["detail"]
    assert held["number"] != ana.phone
    assert "missing_value" in told(portal, "timeline", held["id"])
    again = run(portal, "message", "release", held["id"])
    assert again.exit_code == 1
    assert "invoice_note" in again.output

    invoice.note = "thank you"
    portal.db.session.commit()
    told(portal, "message", "release", held["id"])
    assert told(portal, "flush") == "1 sent off, 1 accepted.\n"
    assert [line["text"] for line in phone.ledger()] == ["Hi Ana, note: thank you"]


def test_a_person_says_what_became_of_an_unknown_message(portal: Portal, phone: PhoneServer) -> None:
    """Promise 3"""
    add_phone(portal, phone, "--activate")
    phone.set(mode="garbage")
    message = told(portal, "send", "912345678", "Hello").strip()
    told(portal, "flush")
    assert "unknown" in told(portal, "message", "list")
    assert told(portal, "message", "settle", message, "sent") == "It is sent.\n"
    assert run(portal, "message", "settle", message, "failed").exit_code == 1


def test_a_queued_message_is_cancelled(portal: Portal, phone: PhoneServer) -> None:
    add_phone(portal, phone, "--activate")
    message = told(portal, "send", "912345678", "Hello").strip()
    told(portal, "message", "cancel", message)
    assert told(portal, "flush") == "0 sent off, 0 accepted.\n"
    assert phone.ledger() == []


def test_a_provider_is_mended_and_keeps_what_was_not_given(portal: Portal, phone: PhoneServer) -> None:
    told(portal, "provider", "add", "phone", "--activate", "--set", f"base_url={phone.url}", "--set", "token=wrong")
    told(portal, "send", "912345678", "Hello")
    told(portal, "flush")
    assert "STOPPED" in told(portal, "provider", "list")
    assert phone.token not in told(portal, "provider", "set", "phone", "--set", f"token={phone.token}")
    told(portal, "provider", "resume", "phone")
    assert told(portal, "flush") == "1 sent off, 1 accepted.\n"


def test_a_trigger_whose_suggested_texts_do_not_suit_is_given_a_text_of_ones_own(database_url: str) -> None:
    """What the catalogue suggests in other languages must not stand in the way."""
    own = make_portal(
        database_url,
        Entity(
            Invoice,
            "invoice",
            to={"client": Person(name="number", phones="note")},
            shortcodes={"bill_number": "number"},
            hooks=[Hook("charge_created", created())],
        ),
    )
    refused = run(own, "trigger", "on", "charge_created")
    assert refused.exit_code == 1
    assert "charge_created (en)" in refused.output
    assert "flask sms trigger text charge_created" in refused.output
    told(own, "trigger", "text", "charge_created", "Bill {bill_number}")
    assert told(own, "trigger", "on", "charge_created") == "charge_created is on.\n"


def test_a_monitor_is_told_by_the_exit_status_where_nothing_goes(portal: Portal, phone: PhoneServer) -> None:
    """No provider and no runner, then one of each."""
    assert run(portal, "status").exit_code == 0
    assert run(portal, "status", "--exit-code").exit_code == 1
    portal.use(phone)
    assert json.loads(told(portal, "status", "--json"))["obstacles"] == ["no_runner"]
    runner = ProcessRunner(portal.app, portal.state, kind="worker")
    runner.start()
    assert run(portal, "status", "--exit-code").exit_code == 0
    runner.stop()
    assert run(portal, "status", "--exit-code").exit_code == 1
