"""The public page behind ``{optout_link}``: whoever holds a text says there that no more shall come (X7).

It needs no login and no token: its address is known to whoever got the text, and nothing is done by looking at it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, Flask, Response, current_app, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from sms_plugin.models import database_now
from sms_plugin.outbox.optouts import stop
from sms_plugin.people.consent import EVERY_PURPOSE, LINK, NOT_ME, Word, opt_in, standing
from sms_plugin.state import State
from sms_plugin.text.phones import mask
from sms_plugin.web import translation
from sms_plugin.web.apart import look, within
from sms_plugin.web.words import purpose_words
from sms_plugin.wording.way_out import read_link

_NAME = "sms_optout"
_LONGEST_TOKEN = 22
_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
#: What may be asked for; the button's words are the page's.
_KIND, _ALL, _AGAIN = "kind", "all", "again"


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How things stand with a number, as its owner sees it."""

    all: bool  #: no texts at all
    kind: bool  #: none of the purpose that the link is about
    any: bool
    staff_only: bool  #: somebody said that it is not theirs: the portal's staff lifts that


def blueprint(prefix: str) -> Blueprint:
    """The page and its stylesheet, below the prefix; there also where the portal has no admin."""
    pages = Blueprint(
        _NAME,
        __name__,
        url_prefix=f"{prefix}/o",
        template_folder="templates",
        static_folder="static",
        static_url_path="/static",
    )
    pages.add_url_rule("/<token>", "page", page, methods=["GET", "POST"])
    return pages


def exempt(app: Flask, pages: Blueprint) -> None:
    """Take the page out of the host's CSRF protection, where it has one: its address is the secret."""
    protection = app.extensions.get("csrf")
    if protection is not None:
        protection.exempt(pages)


def page(token: str) -> ResponseReturnValue:
    """Who holds the link may ask for no more texts, or for texts again. 404 for a link that was never made."""
    state: State = current_app.extensions["sms"]
    way_out = read_link(token, state=state) if len(token) == _LONGEST_TOKEN else None
    if way_out is None or way_out.number is None:
        return _answer("sms/optout/unknown.html"), 404
    number = way_out.number
    if request.method == "POST":
        asked = request.form.get("ask", "")
        within(state, lambda session: _do(session, number, way_out.purpose, asked))
    found = look(state, lambda session: _standing(session, number, way_out.purpose))
    return _answer(
        "sms/optout/page.html",
        number=mask(number),
        kind=purpose_words(way_out.purpose) if way_out.purpose else "",
        standing=found,
        done=request.method == "POST",
    )


def _do(session: Session, number: str, purpose: str, asked: str) -> None:
    now = database_now(session)
    if asked == _AGAIN:
        opt_in(session, number, source=LINK, now=now)
    elif asked in {_KIND, _ALL}:
        wanted = purpose if asked == _KIND else EVERY_PURPOSE
        stop(session, number, Word(source=LINK, wording=asked), now=now, purpose=wanted)


def _standing(session: Session, number: str, purpose: str) -> Standing:
    outs = standing(session, [number])
    purposes = {row.purpose for row in outs}
    return Standing(
        all=EVERY_PURPOSE in purposes,
        kind=purpose in purposes,
        any=bool(outs),
        staff_only=any(row.source == NOT_ME for row in outs),
    )


def _answer(template: str, **values: Any) -> Response:
    style = url_for(f"{_NAME}.static", filename="optout.css")
    response = make_response(
        render_template(template, _=translation.gettext, language=translation.language(), style=style, **values)
    )
    response.headers["Content-Security-Policy"] = _POLICY
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Robots-Tag"] = "noindex"
    response.headers["Cache-Control"] = "no-store"
    return response
