"""Migrating on the connection that the plugin gives, with a version table of its own, seeing its tables only."""

from __future__ import annotations

from collections.abc import Mapping

from alembic import context

from sms_plugin.models import Base, Instant

VERSION_TABLE = "sms_alembic_version"


def include_name(name: str | None, kind: str, parent_names: Mapping[str, str | None]) -> bool:
    """Whether the autogenerate may look at it: at ours, and at what may have been ours where a revision is written."""
    if kind != "table" or name is None:
        return kind != "table"
    if context.config.attributes.get("revising"):
        return name.startswith("sms_") and name != VERSION_TABLE
    return name in Base.metadata.tables


def render_item(kind: str, item: object, autogen_context: object) -> str | bool:
    """Write a moment as the whole number that it is: a revision must not change when the plugin's types do."""
    return "sa.BigInteger()" if kind == "type" and isinstance(item, Instant) else False


def run() -> None:
    """Migrate on the given connection, inside its transaction."""
    connection = context.config.attributes["connection"]
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        version_table=VERSION_TABLE,
        include_name=include_name,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        render_item=render_item,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
