"""The number of whoever is signed in, where the host's user is a person that can be texted."""

from __future__ import annotations

import logging

from sms_plugin.people.recipients import recipients
from sms_plugin.state import State
from sms_plugin.web.permissions import signed_in_user

log = logging.getLogger(__name__)


def own_number(state: State) -> str:
    """The viewer's own number in E.164; empty where nobody can say. Never fails."""
    try:
        user = signed_in_user()
        entity = None if user is None else state.registry.person_of(type(user))
        if entity is None:
            return ""
        found = recipients(
            user,
            entity=entity,
            to=(),
            purpose="staff",
            audience="",
            registry=state.registry,
            settings=state.settings,
        )
        return next((each.number for each in found if each.number), "")
    except Exception as error:  # noqa: BLE001 - a host's user may be anything; it costs a suggestion only
        log.warning("the number of the current user cannot be read: %s", type(error).__name__)
        return ""
