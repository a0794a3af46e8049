"""The language that the staff read the portal's SMS pages in: chosen in the header, kept in the session.

With Flask-Babel at hand Flask-Admin's own words follow, too. Without it the plugin asks ``chosen`` itself.
"""

# mypy: allow-untyped-calls

from __future__ import annotations

from importlib.util import find_spec

from flask import Blueprint, Flask, abort, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_admin.helpers import is_safe_url

LANGUAGES = {"en": "English", "pt": "Português", "pt_BR": "Português (Brasil)", "uk": "Українська"}
_KEPT = "language"

languages = Blueprint("languages", __name__)


def speak(app: Flask) -> None:
    """Have the portal speak the chosen language; Flask-Babel is a comfort, not a need."""
    app.register_blueprint(languages)
    app.context_processor(lambda: {"portal_languages": LANGUAGES, "portal_language": chosen()})
    if find_spec("flask_babel") is not None:
        from flask_babel import Babel

        Babel(app, locale_selector=chosen)


def chosen() -> str:
    """What the person behind the request reads: English until they choose otherwise."""
    kept = session.get(_KEPT, "en")
    return kept if kept in LANGUAGES else "en"


@languages.post("/language")
def choose() -> ResponseReturnValue:
    """Keep the choice, and back to the page that it was made on."""
    wanted, back = request.form.get("language", ""), request.form.get("back", "")
    if wanted not in LANGUAGES:
        abort(400)
    session[_KEPT] = wanted
    return redirect(back if back.startswith("/") and is_safe_url(back) else url_for("admin.index"))
