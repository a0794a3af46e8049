"""The CSV as a download: streamed after the request is over, in sessions of its own (Q4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from typing import Any

from flask import Response, current_app
from sqlalchemy.orm import Session

from sms_plugin.outbox.export import COLUMNS, Layout, export, file_name
from sms_plugin.outbox.history import Selection
from sms_plugin.state import State
from sms_plugin.states import MessageState
from sms_plugin.web.shown import trigger_label
from sms_plugin.web.translation import gettext
from sms_plugin.web.words import state_name

#: The separators that a person can choose, by the word in the address.
SEPARATORS: Mapping[str, str] = {"comma": ",", "semicolon": ";", "tab": "\t"}


def layout_from(given: Mapping[str, str], *, state: State) -> Layout:
    """The layout that an address asks for, with the viewer's words in it; what it does not know is as usual."""
    words = {("state", each.value): state_name(each.value) for each in MessageState}
    words |= {("direction", "out"): gettext("to"), ("direction", "in"): gettext("from")}
    words |= {("trigger", key): trigger_label(key, state=state) for key in state.resolution.reasons}
    return Layout(
        separator=SEPARATORS.get(given.get("separator", ""), ","),
        bom=given.get("bom") == "1",
        zone=state.settings.zone,
        header=_header(),
        say=lambda kind, code: words.get((kind, code), code),
    )


def download(selection: Selection, *, about: str, layout: Layout, newest_first: bool = False) -> Response:
    """The messages as a file. Whoever asks for it must have the right ``export`` already.

    The host's session is given back first: nothing is held while the client reads.
    """
    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    state: State = app.extensions["sms"]

    @contextmanager
    def page() -> Iterator[Session]:
        with app.app_context(), closing(state.session()) as session:
            yield session

    state.db.session.rollback()
    body = export(page, of=selection, layout=layout, registry=state.registry, newest_first=newest_first)
    name = file_name(about, at=datetime.now(UTC).astimezone(state.settings.zone))
    answer = Response(body, mimetype="text/csv")
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _header() -> list[str]:
    said = {
        "time": gettext("Time"),
        "direction": gettext("Direction"),
        "person": gettext("Person"),
        "number": gettext("Number"),
        "text": gettext("Text"),
        "status": gettext("Status"),
        "segments": gettext("Segments"),
        "cost": gettext("Cost"),
        "reason_to_text": gettext("Trigger or subject"),
        "operator": gettext("Operator"),
        "channel": gettext("Channel"),
    }
    return [said[name] for name in COLUMNS]
