"""``flask sms check``: every mistake of a set-up in one run, each with how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import click
import sqlalchemy as sa
from flask import Flask
from flask.cli import ScriptInfo
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from sms_plugin import schema
from sms_plugin.checking import collecting
from sms_plugin.cli.engines import weaknesses
from sms_plugin.cli.finding import Finding
from sms_plugin.cli.group import reading, state
from sms_plugin.cli.mounting import mounting
from sms_plugin.errors import ConfigurationError, SmsError
from sms_plugin.gateways.addresses import AddressRefused, allowed
from sms_plugin.gateways.contract import Capabilities, Gateway
from sms_plugin.gateways.http import NotSent
from sms_plugin.host.bound import BoundEntity, LinkReader
from sms_plugin.host.identity import key_of
from sms_plugin.models import Base, Provider, TriggerRow
from sms_plugin.outbox.truth import ask
from sms_plugin.providers.inquiry import address_of
from sms_plugin.providers.lines import may_be_private
from sms_plugin.providers.settings import gateway_of, settings_of
from sms_plugin.state import State
from sms_plugin.text.amounts import can_tell_words
from sms_plugin.triggers.overlaps import overlaps
from sms_plugin.wording.rendering import read
from sms_plugin.wording.texts import WHY_SILENT, check_text, silent_because, texts_of
from sms_plugin.wording.versions import texts_by_step


@click.command()
@click.pass_context
def check(context: click.Context) -> None:
    """Look at settings, tables, keys, declarations, hooks and texts. Exit status 1 where something is wrong."""
    with collecting() as problems:
        app = context.ensure_object(ScriptInfo).load_app()
    findings = [Finding("settings", str(problem)) for problem in problems]
    with app.app_context():
        findings += list(_found(app, state()))
    for finding in findings:
        click.echo(f"{'WRONG' if finding.grave else 'note '}  {finding.where}: {finding.what}")
    wrong = sum(finding.grave for finding in findings)
    if wrong:
        raise click.ClickException(f"{wrong} mistake(s) found.")
    click.echo("All is well." if not findings else "Nothing is wrong.")


def _found(app: Flask, plugin: State) -> Iterator[Finding]:
    for problem in plugin.resolution.problems:
        yield Finding("declarations", str(problem))
    yield from _links(app, plugin)
    yield from mounting(app, plugin)
    yield from _in_words(plugin)
    for reason in plugin.resolution.reasons.values():
        if reason.key not in plugin.catalogue.triggers:
            for language, text in reason.text.items():
                yield from _text(f"suggested text of {reason.key} ({language})", text, reason.key, plugin)
    try:
        engine = plugin.db.engine
    except RuntimeError:  # Flask-SQLAlchemy's
        yield Finding("database", "The db that init_app was given is not on this app. Call db.init_app(app).")
        return
    try:
        for weakness in weaknesses(engine):
            yield Finding("database", weakness.what, grave=weakness.grave)
        yield from _tables(plugin)
    except SQLAlchemyError as error:
        yield Finding("database", f"It cannot be used: {type(error).__name__}. Look at SQLALCHEMY_DATABASE_URI.")


def _in_words(plugin: State) -> Iterator[Finding]:
    mapped = {name for entity in plugin.resolution.entities.values() for name in entity.shortcodes}
    told = [f"{{{name}}}" for name, each in plugin.catalogue.shortcodes.items() if each.form == "words"]
    used = [name for name in told if name[1:-1] in mapped]
    if used and not can_tell_words():
        yield Finding(
            "shortcodes",
            f'{", ".join(used)} cannot be written: amounts in words need `pip install "flask-admin-sms[words]"`.',
            grave=False,
        )


def _tables(plugin: State) -> Iterator[Finding]:
    at, needed = schema.current(plugin.db.engine), schema.newest()
    taken = set(sa.inspect(plugin.db.engine).get_table_names()) & set(Base.metadata.tables)
    if at is None and taken:
        yield Finding(
            "tables",
            "There are tables with the names of the plugin's that `flask sms upgrade` did not finish making:"
            f" {', '.join(sorted(taken))}. Give your own another name; drop what an upgrade left that broke off.",
        )
        return
    if at != needed:
        yield Finding("tables", f"They are at {at or 'nothing'}, and must be at {needed}. Run `flask sms upgrade`.")
        return
    difference = schema.differences(plugin.db.engine)
    if difference:
        yield Finding("tables", f"They are not what the plugin expects: {difference}")
    with reading() as (session, _now):
        yield from _providers(session, plugin)
        yield from _triggers(session, plugin)
        for entity in plugin.resolution.entities.values():
            yield from _sample(session, entity, plugin)


def _providers(session: Session, plugin: State) -> Iterator[Finding]:
    providers = session.scalars(sa.select(Provider).order_by(Provider.name)).all()
    for each in providers:
        where = f"provider {each.name}"
        try:
            settings = settings_of(each, state=plugin)
        except (ConfigurationError, SmsError) as error:
            yield Finding(where, str(error))
            continue
        if each.active:
            yield from _active(where, each, gateway_of(each.kind, plugin).capabilities(settings), plugin)
        yield from _refused(where, each, settings, plugin)
        for warning in _warnings(gateway_of(each.kind, plugin), settings):
            yield Finding(where, warning, grave=False)
    if not any(each.active for each in providers):
        yield Finding("provider", "None is active: nothing will be sent. See `flask sms provider --help`.", grave=False)


def _active(where: str, provider: Provider, can: Capabilities, plugin: State) -> Iterator[Finding]:
    if provider.stopped_at is not None:
        yield Finding(where, f"It refused our account ({provider.stopped_reason}): mend that, then resume it.")
    if can.receipts and plugin.settings.public_url is None:
        yield Finding(where, "Its receipts cannot come back. Set SMS_PUBLIC_URL to the portal's public address.")


def _refused(where: str, provider: Provider, settings: Any, plugin: State) -> Iterator[Finding]:
    """Where the provider's host leads nobody anywhere; one that is not known now may be known later."""
    parts = urlsplit(address_of(settings))
    try:
        if parts.hostname:
            allowed(parts.hostname, parts.port or 443, private=may_be_private(settings, state=plugin))
    except AddressRefused as error:
        yield Finding(where, f"Nothing will be sent through it. {NotSent(error.code)}", grave=bool(provider.active))
    except (OSError, UnicodeError):
        return


_WARNINGS = {
    "credentials_in_clear": "Without SSL its credentials travel in clear: switch SSL on where the provider has it.",
}


def _warnings(gateway: type[Gateway], settings: Any) -> list[str]:
    return [_WARNINGS.get(code, code) for code in gateway.warnings(settings)]


def _triggers(session: Session, plugin: State) -> Iterator[Finding]:
    registry = plugin.resolution
    rows = session.scalars(sa.select(TriggerRow).where(TriggerRow.on).order_by(TriggerRow.key)).all()
    for group in overlaps({row.key for row in rows}):
        told = f"{', '.join(group)} are on and tell of the same thing: people may get a text of each."
        yield Finding("triggers", told, grave=False)
    for row in rows:
        where = f"trigger {row.key}"
        if row.key not in registry.reasons:
            yield Finding(where, "It is on, but nobody declares it any more. Declare it, or switch it off.")
            continue
        silent = silent_because(row, registry.reason(row.key), registry=registry)
        if silent:
            yield Finding(where, f"It is on, but sends nothing. {WHY_SILENT[silent]}", grave=False)
        if not registry.hooks_of(row.key):
            yield Finding(where, "It is on, but no hook fires it: only sms.fire does.", grave=False)
        for language, text in texts_of(row, registry.reason(row.key)).items():
            if text.strip():
                yield from _text(f"{where} ({language})", text, row.key, plugin)
        for step, own in texts_by_step(row.steps or ()).items():
            for language, text in own.items():
                yield from _text(f"{where}, step {step} ({language})", text, row.key, plugin)


def _text(where: str, text: str, trigger: str, plugin: State) -> Iterator[Finding]:
    try:
        check_text(text, trigger=trigger, registry=plugin.resolution)
    except SmsError as error:
        yield Finding(where, str(error))


def _sample(session: Session, entity: BoundEntity, plugin: State) -> Iterator[Finding]:
    """Ask the database and read every shortcode once, on one record of the host's, as a message would."""
    where = f"entity {entity.key}"
    missing = _missing_tables(session, entity)
    if missing:
        yield Finding(where, f"The portal's database has no table {', '.join(missing)}. Make it, as the portal does.")
        return
    hooks = [hook for hook in plugin.resolution.hooks if hook.entity is entity]
    try:
        with session.begin_nested():
            record = session.scalars(sa.select(entity.model).limit(1)).first()
            if record is not None:
                ask(session, entity=entity, hooks=hooks, keys=[key_of(record)])
    except SQLAlchemyError as error:
        yield Finding(where, f"Its table or a condition of its hooks cannot be asked: {type(error).__name__}.")
        return
    if record is None:
        return
    for name, reader in entity.shortcodes.items():
        try:
            if not isinstance(reader, LinkReader):
                read(reader, record, plugin)
        except Exception as error:  # noqa: BLE001 - a host's attribute may raise anything; that is what is being told
            told = str(error) if isinstance(error, SmsError) else f"{type(error).__name__}: {error}"
            yield Finding(f"{where}, shortcode {name}", f"It cannot be read on a {entity.model.__name__}: {told}")


def _missing_tables(session: Session, entity: BoundEntity) -> list[str]:
    tables: Any = sa.inspect(entity.model).tables
    found = sa.inspect(session.connection())
    named = [each for each in tables if isinstance(each, sa.Table)]
    return [each.name for each in named if not found.has_table(each.name, schema=each.schema)]


def _links(app: Flask, plugin: State) -> Iterator[Finding]:
    for entity in plugin.resolution.entities.values():
        for name, reader in entity.shortcodes.items():
            if not isinstance(reader, LinkReader):
                continue
            where = f"entity {entity.key}, shortcode {name}"
            rules = list(app.url_map.iter_rules()) if plugin.settings.public_url else []
            if plugin.settings.public_url is None:
                yield Finding(where, "A link needs SMS_PUBLIC_URL: set it to the portal's public address.")
            wanted, given = reader.declared.endpoint, set(reader.declared.values)
            of_it = [rule for rule in rules if rule.endpoint == wanted]
            if rules and not of_it:
                yield Finding(where, f"There is no page {wanted!r}. Give the endpoint of a route.")
            elif rules and not any(rule.arguments - set(rule.defaults or ()) <= given for rule in of_it):
                needs = ", ".join(sorted(of_it[0].arguments))
                yield Finding(where, f"The page {wanted!r} needs {needs}: give link(…) each by its path.")
