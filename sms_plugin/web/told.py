"""What the database or the set-up refuses on a page of ours in a host's view, told in words."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import current_app, request
from sqlalchemy.exc import SQLAlchemyError

from sms_plugin.errors import ConfigurationError
from sms_plugin.trails import trail
from sms_plugin.web.base import explained

log = logging.getLogger(__name__)


def told_in_words(view: Callable[..., Any]) -> Callable[..., Any]:
    """A view of ours on a host's: what the database or the set-up refuses is told without SQL and without a number."""

    @wraps(view)
    def told(self: Any, *given: Any) -> Any:
        try:
            return view(self, *given)
        except (SQLAlchemyError, ConfigurationError) as error:
            current_app.extensions["sms"].db.session.rollback()
            log.error("the page %s failed: %s", request.path, trail(error))
            return self.sms_render("sms/broken.html", why=explained(error)), 503

    return told
