"""Everything that one portal's plugin knows at run time: one frozen object, in ``app.extensions["sms"]``.

It stands above declarations and below all that uses them, so that no lower floor has to know the facade.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from threading import Event, RLock
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import Engine, inspect
from sqlalchemy.exc import UnboundExecutionError
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from sms_plugin.catalog.loader import Catalogue
from sms_plugin.errors import ConfigurationError
from sms_plugin.gateways.contract import Gateway
from sms_plugin.host.entity import Declaration
from sms_plugin.host.registry import Registry
from sms_plugin.host.resolve import resolve
from sms_plugin.models import Message
from sms_plugin.secrets import Vault
from sms_plugin.settings import Settings


class Database(Protocol):
    """What the plugin needs of the host's Flask-SQLAlchemy object."""

    @property
    def session(self) -> scoped_session[Any]: ...

    @property
    def engine(self) -> Engine: ...


#: (endpoint, values) → the public address. Raises ``SmsError`` where it cannot be built.
Links = Callable[[str, Mapping[str, object]], str]


class StillChosen(Protocol):
    """What the floor of sends to many lends to the claim below it."""

    def __call__(self, session: Session, messages: Sequence[Any], *, state: State) -> Mapping[UUID, str]: ...


def _all_are(session: Session, messages: Sequence[Any], *, state: State) -> Mapping[UUID, str]:
    return {}


@dataclass(frozen=True, kw_only=True, eq=False)
class State:
    """Settings, declarations and what was made of them."""

    settings: Settings
    db: Database
    declared: tuple[Declaration, ...]
    catalogue: Catalogue
    vault: Vault
    gateways: Mapping[str, type[Gateway]]
    links: Links
    #: in a request: the viewer's language where the host tells it, else None
    viewers_language: Callable[[], str | None] = lambda: None
    is_testing: Callable[[], bool] = lambda: False  #: asked each time: a test suite may say so after ``init_app``
    is_debugging: Callable[[], bool] = lambda: False  #: asked each time too
    #: of messages of one send to many, those whose recipient is not among the chosen any more, with the reason
    no_longer_chosen: StillChosen = _all_are
    wake: Event = field(default_factory=Event)  #: set when something may be due
    _lock: RLock = field(default_factory=RLock, repr=False)
    _resolved: list[Registry] = field(default_factory=list, repr=False)
    _sound: list[Registry] = field(default_factory=list, repr=False)  #: the same, once it is known to have no problems

    @property
    def testing(self) -> bool:
        """Whether the portal is under test: no runner starts by itself, and what is lost raises."""
        return self.is_testing()

    @property
    def private_gateways(self) -> bool | None:
        """Whether providers may be reached in private networks, whatever their own switches say; None: as these say.

        ``SMS_PRIVATE_GATEWAYS`` says so; without it, all may under debug or testing.
        """
        set_so = self.settings.private_gateways
        return True if set_so is None and (self.is_testing() or self.is_debugging()) else set_so

    @property
    def resolution(self) -> Registry:
        """The registry, resolved at the first call; its ``problems`` may not be empty."""
        if self._resolved:
            return self._resolved[0]
        with self._lock:
            if not self._resolved:
                self._resolved.append(resolve(self.declared, catalogue=self.catalogue, same_bind=self._same_bind))
            return self._resolved[0]

    @property
    def registry(self) -> Registry:
        """The registry of sound declarations. Raises ``ConfigurationError`` naming every mistake."""
        if self._sound:  # a run of thousands asks each time
            return self._sound[0]
        registry = self.resolution
        if registry.problems:
            told = " ".join(f"({number}) {problem}" for number, problem in enumerate(registry.problems, 1))
            raise ConfigurationError(
                f"The SMS declarations have mistakes: {told}",
                code="bad_declarations",
                hint="See `flask sms check`.",
            )
        self._sound.append(registry)
        return registry

    def session(self) -> Session:
        """A new session on the host's database, apart from the host's own; needs the app's context."""
        factory: sessionmaker[Any] = self.db.session.session_factory
        session: Session = factory()
        return session

    def _same_bind(self, model: type[Any]) -> bool:
        session = self.session()
        try:
            ours = session.get_bind(mapper=inspect(Message))
            theirs = session.get_bind(mapper=inspect(model))
        except UnboundExecutionError:
            return False
        finally:
            session.close()
        return theirs is ours
