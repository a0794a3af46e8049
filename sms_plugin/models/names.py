"""Which tables of a database are the plugin's."""

from __future__ import annotations

from collections.abc import Mapping

from sms_plugin.models.base import Base
from sms_plugin.schema import VERSION_TABLE


def include_name(name: str | None, kind: str, parent_names: Mapping[str, str | None]) -> bool:
    """For ``Migrate(app, db, include_name=…)``: keeps the host's autogenerate from dropping the plugin's tables.

    Tables of the host's own are looked at, those with a name that begins with ``sms_`` among them.
    """
    return not (kind == "table" and (name == VERSION_TABLE or name in Base.metadata.tables))
