"""What the tests of noticing ask of a portal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.orm import Session

from tests.portal import Portal, Staff


def texts(portal: Portal) -> list[str | None]:
    return sorted((message.text for message in portal.messages()), key=str)


def numbers(portal: Portal) -> list[str]:
    """The numbers of the invoices that were texted of."""
    return sorted((text or "").split()[0] for text in texts(portal))


def staff(portal: Portal, name: str, phone: str) -> Staff:
    made = Staff(name=name, phone=phone)
    portal.session.add(made)
    portal.session.commit()
    return made


@contextmanager
def undone(session: Session) -> Iterator[None]:
    """A savepoint that is rolled back, whatever happens inside it."""
    try:
        with session.begin_nested():
            yield
            raise ZeroDivisionError
    except ZeroDivisionError:
        pass
