"""The way back from a page, as an address asks for it: never out of the portal (X12)."""

from __future__ import annotations

from flask_admin.helpers import get_redirect_target


def way_back(otherwise: str) -> str:
    """The address in the request's ``url``, where it stays in this portal; else the other one.

    Flask-Admin looks at it with a slash for each backslash, and takes ``http://portal\\@elsewhere`` for the portal's
    own. In the header of a redirect the backslash is written ``%5C``: ``portal`` becomes the name of a user there.
    """
    target: str | None = get_redirect_target()
    return otherwise if target is None or "\\" in target else target
