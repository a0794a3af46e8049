"""Telling what went wrong without telling whom it was about: a database's message repeats numbers and texts."""

from __future__ import annotations

import re
from traceback import format_tb

from sqlalchemy.exc import DBAPIError

from sms_plugin.errors import ConfigurationError, SmsError

_MISSING = re.compile(r"no such (table|column)|does not exist|doesn't exist|unknown column", re.IGNORECASE)


def cause(error: BaseException) -> str:
    """What an error says, as far as it is safe to repeat: our own sentences whole, of others the kind."""
    if isinstance(error, (SmsError, ConfigurationError)):
        return str(error)
    if isinstance(error, DBAPIError):
        hint = ". Run `flask sms upgrade` first" if lacks_tables(error) else ""
        return f"{type(error).__name__}, {type(error.orig).__name__}{hint}"
    return type(error).__name__


def lacks_tables(error: DBAPIError) -> bool:
    """Whether the database says that a table or a column is not there."""
    return _MISSING.search(str(error.orig)) is not None


def trail(error: BaseException) -> str:
    """What went wrong and where in the code, without what was in hand."""
    if isinstance(error, (SmsError, ConfigurationError)):
        return cause(error)
    return f"{cause(error)}\n{''.join(format_tb(error.__traceback__))}"
