"""Who may do what on the pages: closed, unless the host's own rule opens them (X12, promise 9)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flask import current_app
from flask_admin import Admin, BaseView
from flask_admin.helpers import get_current_view
from sqlalchemy import inspect
from sqlalchemy.orm import InstanceState

from sms_plugin.host.identity import key_of

log = logging.getLogger(__name__)

#: Who did it, where nobody can say.
NOBODY = "unknown user"
_LONGEST_NAME, _LONGEST_ID = 120, 190


class Right(StrEnum):
    """What somebody may do; none of them implies another, unless the host's rule says so."""

    CONFIGURE = "configure"  #: providers, templates, triggers
    SEND = "send"  #: send by hand; cancel, retry and settle messages
    BULK = "bulk"  #: send to many, and steer such sends
    APPROVE = "approve"  #: let go what somebody else confirmed above the ceiling
    READ = "read"  #: queue, messages, histories
    EXPORT = "export"  #: take messages out as a file


@dataclass(frozen=True, kw_only=True, eq=False)
class Policy:
    """The host's rule, in ``app.extensions["sms_policy"]``."""

    allow: Callable[[str], object] | None = None  #: right → may the current user?
    user: Callable[[], object] | None = None  #: the current user, for the record of changes
    admins: Sequence[Admin] = field(default=())  #: where the pages are mounted


def allowed(right: Right, *, admin: Admin | None = None) -> bool:
    """Whether the user behind the current request has the right. A rule of the host's that raises says no.

    ``admin`` is the one that the page belongs to; unless given, that of the current page.
    """
    policy = _policy()
    if policy is None:
        return False
    admin = admin or _admin(policy)
    try:
        if policy.allow is not None:
            return bool(policy.allow(right.value))
        if admin is not None and has_rule(admin):
            return bool(admin.index_view.is_accessible())
    except Exception as error:  # a host's rule may raise anything, and must not open a page by it
        log.exception("the host's rule for the right %r raised %s: closed", right.value, type(error).__name__)
        return False
    return bool(admin is not None and (current_app.debug or current_app.testing))


def ceiling(*, default: int | None) -> int | None:
    """How many messages the current user may send to many without a second person; None is no limit (X12).

    It is what the host's rule says of the right ``bulk``, where that is a number; else the portal's setting.
    """
    policy = _policy()
    if policy is not None and policy.allow is not None:
        try:
            told = policy.allow(Right.BULK.value)
        except Exception as error:
            log.exception("the host's rule for the right 'bulk' raised %s: closed", type(error).__name__)
            return 0
        if isinstance(told, int) and not isinstance(told, bool):
            return max(told, 0)
    return default


def has_rule(admin: Admin) -> bool:
    """Whether the admin's index view has a rule of the host's own about who may see it."""
    view = admin.index_view
    return type(view).is_accessible is not BaseView.is_accessible or "is_accessible" in vars(view)


def lacks_rule(admin: Admin) -> bool:
    """Whether nobody ever said who may see the pages of this admin."""
    policy = _policy()
    return policy is None or (policy.allow is None and not has_rule(admin))


def mounted_admins() -> Sequence[Admin]:
    """The admins of the current app that the pages are mounted in."""
    policy = _policy()
    return () if policy is None else policy.admins


def actor() -> str:
    """A short name of the current user, for the record of changes. Never fails.

    Ask before a transaction of the page's own begins: the host may read its user, which SQLite's lock would refuse.
    """
    try:
        user = signed_in_user()
        return _named(user)[:_LONGEST_NAME] or NOBODY
    except Exception as error:  # noqa: BLE001 - who did it is told as far as it can be; what was done goes on
        log.warning("the name of the current user cannot be had: %s", type(error).__name__)
        return NOBODY


def actor_id() -> str:
    """What tells the current user from all others, whatever they are called: Flask-Login's own id, else the class and
    key of a record of the host's; empty where the host tells a name only. Never fails. Ask when ``actor`` is asked.
    """
    try:
        return _identified(signed_in_user())[:_LONGEST_ID]
    except Exception as error:  # noqa: BLE001 - then the name counts
        log.warning("the id of the current user cannot be had: %s", type(error).__name__)
        return ""


def signed_in_user() -> object:
    """The host's user behind the request, as its function or Flask-Login tells it. What that raises goes through."""
    policy = _policy()
    return policy.user() if policy is not None and policy.user is not None else _signed_in()


def _policy() -> Policy | None:
    policy: Policy | None = current_app.extensions.get("sms_policy")
    return policy


def _admin(policy: Policy) -> Admin | None:
    view = get_current_view()
    if view is not None and view.admin in policy.admins:
        admin: Admin = view.admin
        return admin
    return next(iter(policy.admins), None)


def _signed_in() -> object:
    """Flask-Login's current user, where the host uses it."""
    if not hasattr(current_app, "login_manager"):
        return None
    from flask_login import current_user

    user: Any = current_user
    return user._get_current_object() if user and user.is_authenticated else None


def _named(user: object) -> str:
    if user is None:
        return ""
    if type(user).__str__ is not object.__str__:
        return str(user).strip()
    for name in ("name", "username", "login", "email"):
        told = getattr(user, name, None)
        if isinstance(told, str) and told.strip():
            return told.strip()
    number = getattr(user, "get_id", lambda: "")()
    return f"user {number}" if number else ""


def _identified(user: object) -> str:
    own = getattr(user, "get_id", lambda: "")()
    if own:
        return str(own)
    mapped = isinstance(inspect(user, raiseerr=False), InstanceState)
    return f"{type(user).__name__} {key_of(user)}" if mapped else ""
