"""The word that lets the portal's own scripts run, and no others: a new one for each request."""

from __future__ import annotations

from secrets import token_urlsafe

from flask import g


def nonce() -> str:
    """The nonce of the current request."""
    if "nonce" not in g:
        g.nonce = token_urlsafe(16)
    word: str = g.nonce
    return word
