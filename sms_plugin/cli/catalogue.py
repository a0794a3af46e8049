"""What there is to text with: gateways, triggers and shortcodes, and which of them this portal has."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import click
from flask.cli import with_appcontext

from sms_plugin.catalog.loader import ShortcodeEntry, in_language
from sms_plugin.cli.group import as_json, say, state
from sms_plugin.gateways.contract import Gateway
from sms_plugin.gateways.settings import unfilled
from sms_plugin.host.bound import Reason
from sms_plugin.host.registry import BUILT_IN, Registry
from sms_plugin.state import State

_PLAIN = ShortcodeEntry(name="", section="", label={})


@click.command()
@as_json
@with_appcontext
def catalog(as_json: bool) -> None:
    """Show every gateway, trigger and shortcode there is, with what this portal does with it."""
    plugin = state()
    data: dict[str, list[dict[str, Any]]] = {
        "gateways": [_gateway(kind, gateway) for kind, gateway in sorted(plugin.gateways.items())],
        "triggers": [_trigger(reason, plugin) for reason in plugin.registry.reasons.values()],
        "shortcodes": list(_shortcodes(plugin)),
    }
    say(data, as_json=as_json, lines=list(_lines(data, plugin.settings.language)))


def _gateway(kind: str, gateway: type[Gateway]) -> dict[str, Any]:
    """A gateway with what it can do while nothing is set up; settings may add to that or take from it."""
    try:
        can = asdict(gateway.capabilities(unfilled(gateway.Settings)))
    except Exception:  # noqa: BLE001 - a stranger's gateway that fails to say it is still one that there is
        can = None
    return {"kind": kind, "label": gateway.label, "help": gateway.help, "capabilities": can}


def _trigger(reason: Reason, plugin: State) -> dict[str, Any]:
    """A trigger with the kinds of what fires it here: none where this portal has no record for it."""
    kinds = {hook.when.kind.value for hook in plugin.registry.hooks_of(reason.key)}
    if _by_hand(reason, plugin.registry):
        kinds.add("hand")
    return {
        "key": reason.key,
        "section": reason.section,
        "audience": reason.audience,
        "purpose": reason.purpose,
        "quiet": reason.quiet,
        "label": dict(reason.label),
        "help": dict(reason.help),
        "text": dict(reason.text),
        "shipped": reason.key in plugin.catalogue.triggers,
        "hooks": sorted(kinds),
    }


def _by_hand(reason: Reason, registry: Registry) -> bool:
    """Whether a hand can fire it: a record that it is about leads to somebody."""
    return any(
        entity.person is not None or reason.audience in entity.to or registry.to_by_hand(reason.key, entity=entity.key)
        for entity in registry.subjects(reason.key)
    )


def _shortcodes(plugin: State) -> Iterator[dict[str, Any]]:
    """Those of the catalogue by section, then the host's own. A name that nobody maps cannot be used here."""
    registry, known = plugin.registry, plugin.catalogue.shortcodes
    mapped = {name: entity.section for entity in registry.entities.values() for name in entity.shortcodes}
    mapped.update(registry.company_sections)
    mapped.update(BUILT_IN)
    for name in dict.fromkeys([*known, *sorted(mapped)]):
        entry = known.get(name, _PLAIN)
        yield {
            "name": name,
            "section": entry.section or mapped[name],
            "label": dict(entry.label),
            "help": dict(entry.help),
            "example": entry.example,
            "form": entry.form,
            "mapped": name in mapped,
            "sensitive": entry.sensitive,
        }


def _lines(data: dict[str, list[dict[str, Any]]], language: str) -> Iterator[str]:
    yield "Gateways:"
    yield from (f"  {each['kind']}  {each['label']}" for each in data["gateways"])
    yield ""
    yield "Triggers, and what fires them here:"
    for each in data["triggers"]:
        fired = ", ".join(each["hooks"]) or "nothing"
        yield f"  {each['key']}  ({each['section']} to {each['audience']})  {fired}"
        yield f"      {in_language(each['label'], language)}"
    section = None
    yield ""
    yield "Shortcodes; * this portal maps it, ! sensitive:"
    for each in data["shortcodes"]:
        if each["section"] != section:
            section = each["section"]
            yield f"  {section}"
        marks = ("*" if each["mapped"] else " ") + ("!" if each["sensitive"] else " ")
        yield f"   {marks} {{{each['name']}}}  {in_language(each['label'], language)}".rstrip()
